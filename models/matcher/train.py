"""Trains the Chinese matcher: a bag of character n-grams to a unit vector, so that a customer's words lie near the policy's.

    python train.py teach --data models/rows --train SHARED/train --eval SHARED/eval --teacher MODEL.onnx --work WORK
    python train.py train --data models/rows --thesaurus models/thesaurus/zh.txt --train SHARED/train --eval SHARED/eval --work WORK --out models/matcher

`teach` writes what a large sentence encoder makes of many texts and single words (`--teacher`: README.md); `train` first learns to give the
same neighbours, then from questions, the passages that answer them and near misses, while it keeps the teacher's neighbours in mind.
Needs torch, numpy and safetensors, and onnxruntime, onnxruntime_extensions and jieba for `teach`. About ten minutes on one core.

A text's features are its Chinese characters, their pairs and triples, words of Latin letters, and one mark for numbers. The vector is the
weighted sum of the features' vectors, made unit length. Questions and passages share the vectors and have weights of their own.
"""
import argparse, json, math, random, re, sys, unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "rows"))
import rows as written  # noqa: E402

SEED, DIM, BATCH = 13, 128, 384


# ------------------------------------------------------------------------------------------------ features; the program computes the same

RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+|[0-9]+(?:\.[0-9]+)?")


def features(text):
    """The features of a text, repeated as often as they occur."""
    found = []
    for run in RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0].isdigit():
            found.append("0")
        elif run[0].isascii():
            found.append(run)
        else:
            for n in (1, 2, 3):
                found += [run[i:i + n] for i in range(len(run) - n + 1)]
    return found


def need(feature):
    """In how many texts a feature must stand to be kept."""
    return (2, 3, 5)[min(len(feature), 3) - 1]


# ------------------------------------------------------------------------------------------------ data

def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def load(a):
    """Groups: (set, questions, passage texts that answer, near questions that they do not answer)."""
    groups = []
    for path in sorted(a.data.glob("zh_*.jsonl")):
        for row in written.read(path):
            place = f"{row['title']} {row['heading']} ".replace("  ", " ")
            questions = [question for question, _ in row["questions"]]
            groups.append(("own", questions + [row["title"]], [place + "".join(row["sentences"])], row["near"]))
            # A question lies near its sentence, too: that is what is quoted.
            for question, numbers in row["questions"]:
                if numbers:
                    groups.append(("sentence", [question], ["".join(row["sentences"][n] for n in numbers)], []))
    for line in a.thesaurus.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            left, _, right = line.partition("=>")
            groups.append(("thesaurus", left.split(), (right or left).split(), []))
    sentence = re.compile(r"[^。！？]*[。！？]?")
    for row in lines(a.train / "faq_zh" / "train.jsonl"):
        if row["lang"] == "zh":
            groups.append(("faq", [row["question"]], [row["title"] + " " + row["passage"][:220]], []))
    for row in lines(a.train / "xquad_zh" / "train.jsonl"):
        for span in row["answer_spans"][:1]:
            at = 0
            for part in sentence.findall(row["passage"]):
                if at <= span["start"] < at + len(part):
                    groups.append(("qa", [row["question"]], [part], []))
                at += len(part)
    articles = {d["doc_id"]: d["title"] + " " + d["text"][:200] for d in lines(a.eval / "stard_zh" / "corpus.jsonl")}
    for row in lines(a.eval / "stard_zh" / "questions.dev.jsonl"):
        gold = [articles[i] for i in row["gold_doc_ids"] if i in articles]
        if gold:
            groups.append(("law", [row["question"]], gold, []))
    return groups


# Share of a set's questions in one round.
SHARE = {"own": 1.0, "sentence": 0.5, "thesaurus": 1.0, "faq": 0.5, "qa": 0.5, "law": 1.0}

FILLERS = ["请问", "你好，", "那个", "想问下", "麻烦问下", "急！", "在吗 ", "我想知道", "就是", "气死了，", "哎", "亲，"]
TAILS = ["啊", "呀", "吗", "呢", "？？", "谢谢", "，急", "。", "怎么办", "咋整", "😭", ""]


def augment(text, rng):
    """Noise as customers type it."""
    if rng.random() < 0.3:
        text = rng.choice(FILLERS) + text
    if rng.random() < 0.3:
        text = text.rstrip("？?。") + rng.choice(TAILS)
    if rng.random() < 0.15 and len(text) > 6:
        at = rng.randrange(len(text))
        text = text[:at] + text[at + 1:]
    return text


# ------------------------------------------------------------------------------------------------ teacher

def taught_texts(a, rng):
    """Written rows sentence by sentence, openly licensed text, and the commonest words alone."""
    own, more = [], []
    for path in sorted(a.data.glob("zh_*.jsonl")):
        for row in written.read(path):
            own += row["sentences"] + [q for q, _ in row["questions"]] + row["near"] + [row["title"] + " " + row["heading"]]
    import jieba
    cut = re.compile(r"[^。！？\n]*[。！？\n]?")
    for name in ("stard_zh", "cmrc2018_zh"):
        for d in lines(a.eval / name / "corpus.jsonl"):
            more += [s.strip() for s in cut.findall(d["text"])]
        more += [r["question"] for r in lines(a.eval / name / "questions.dev.jsonl")]
    for name in ("faq_zh", "xquad_zh"):
        for r in lines(a.train / name / "train.jsonl"):
            if r["lang"] == "zh":
                more += [r["question"]] + [s.strip() for s in cut.findall(r["passage"])]
    jieba.initialize()
    known = [(n, w) for w, n in jieba.dt.FREQ.items() if n > 0 and 2 <= len(w) <= 4 and re.fullmatch(r"[\u4e00-\u9fff]+", w)]
    words = [w for _, w in sorted(known, reverse=True)[:30_000]]
    more = sorted({t for t in more if 5 <= len(t) <= 90})
    rng.shuffle(more)
    return list(dict.fromkeys(t for t in own if t)) + more[:22_000] + words


def teach(a):
    import onnxruntime
    from onnxruntime_extensions import get_library_path
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    session = onnxruntime.InferenceSession(str(a.teacher), options, providers=["CPUExecutionProvider"])
    texts = taught_texts(a, random.Random(5))
    order, out = sorted(range(len(texts)), key=lambda i: len(texts[i])), np.zeros((len(texts), 512), np.float16)
    for at in range(0, len(order), 64):
        part = order[at:at + 64]
        v = session.run(["outputs"], {"inputs": np.array([texts[i] for i in part])})[0]
        out[part] = v / np.linalg.norm(v, axis=1, keepdims=True)
    a.work.mkdir(parents=True, exist_ok=True)
    np.save(a.work / "vectors.npy", out)
    (a.work / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    print(len(texts), "texts")


# ------------------------------------------------------------------------------------------------ training

class Matcher(torch.nn.Module):
    def __init__(self, size, rarity):
        super().__init__()
        self.vectors = torch.nn.Embedding(size, DIM, sparse=True)
        torch.nn.init.normal_(self.vectors.weight, std=0.1)
        start = torch.tensor(rarity, dtype=torch.float32).log()
        self.question, self.passage = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
        self.scale = torch.nn.Parameter(torch.tensor(2.7))

    def forward(self, bags, side, drop=0.0):
        weight = (self.question if side == "question" else self.passage).exp()
        flat = torch.tensor([i for bag in bags for i in bag], dtype=torch.long)
        where = torch.tensor(np.repeat(np.arange(len(bags)), [len(bag) for bag in bags]), dtype=torch.long)
        w = weight[flat]
        if drop:
            w = w * (torch.rand(len(flat)) >= drop) / (1 - drop)
        total = torch.zeros(len(bags), DIM).index_add_(0, where, self.vectors(flat) * w[:, None])
        return F.normalize(total, dim=1, eps=1e-6)


class Steps:
    """Two optimizers: the vectors are touched sparsely, the weights all at once."""

    def __init__(self, model, rate):
        self.rate, self.vectors = rate, torch.optim.SparseAdam([model.vectors.weight], lr=rate)
        self.others = torch.optim.Adam([model.question, model.passage, model.scale], lr=1e-2)

    def set_rate(self, factor):
        for optimizer, rate in ((self.vectors, self.rate), (self.others, 1e-2)):
            for g in optimizer.param_groups:
                g["lr"] = rate * factor + 1e-5

    def step(self, loss):
        self.vectors.zero_grad(); self.others.zero_grad()
        loss.backward()
        self.vectors.step(); self.others.step()


def as_taught(model, bags, target, rng):
    """How far from the teacher's vectors, and from its neighbourhood."""
    x = model(bags, rng.choice(["question", "passage"]), 0.1)
    return (1 - (x * target).sum(1)).mean() + 2 * ((x @ x.T - target @ target.T) ** 2).mean()


def answers(model, part, bag, rng):
    """Right passage among all of the batch, and right question among all of the batch and a near miss."""
    same = np.array([x[2] for x in part])
    mask = torch.tensor(same[:, None] == same[None, :]) & ~torch.eye(len(part), dtype=torch.bool)
    q = model([bag(x[0]) for x in part], "question", 0.25)
    d = model([bag(x[1]) for x in part], "passage", 0.25)
    heat = model.scale.exp()
    logits = (heat * q @ d.T).masked_fill(mask, -1e4)
    target, back = torch.arange(len(part)), logits.T
    hard = [(i, rng.choice(x[3])) for i, x in enumerate(part) if x[3]]
    if hard:
        n = model([bag(augment(text, rng)) for _, text in hard], "question", 0.25)
        at = torch.tensor([i for i, _ in hard])
        near = torch.full((len(part),), -1e4)
        near[at] = heat * (n * d[at]).sum(1)
        back = torch.cat([back, near[:, None]], 1)
    return F.cross_entropy(logits, target) + F.cross_entropy(back, target)


def train(a):
    random.seed(SEED), torch.manual_seed(SEED), torch.set_num_threads(a.threads)
    rng = random.Random(SEED)
    groups = load(a)
    own = [g for g in groups if g[0] == "own"]
    rng.shuffle(own)
    held = own[: len(own) // 10]
    kept, asked = {id(g) for g in held}, {question for g in held for question in g[1][:-1]}
    groups = [g for g in groups if id(g) not in kept and not asked.intersection(g[1])]
    texts, taught = json.loads((a.work / "texts.json").read_text(encoding="utf-8")), np.load(a.work / "vectors.npy").astype(np.float32)
    taught -= taught.mean(0)
    axes = np.linalg.svd(taught[rng.sample(range(len(taught)), 8000)], full_matrices=False)[2][:DIM]
    target = F.normalize(torch.tensor(taught @ axes.T), dim=1)

    counts, count = Counter(), 0
    for _, questions, passages, near in groups:
        for text in questions + passages + near:
            counts.update(set(features(text))); count += 1
    general = Counter(f for text in texts for f in set(features(text)))
    floor = lambda f: (2, 4, 7)[min(len(f), 3) - 1]
    vocabulary = sorted({f for f, n in counts.items() if n >= need(f)} | {f for f, n in general.items() if n >= floor(f)})
    index = {f: i for i, f in enumerate(vocabulary)}
    rarity = [math.log(1 + (count + len(texts)) / (counts[f] + general[f])) / 3 * (0.6 if len(f) == 1 else 1.0) for f in vocabulary]
    bag = lambda text: [index[f] for f in features(text) if f in index] or [0]
    print(len(vocabulary), "features", {k: sum(g[0] == k for g in groups) for k in SHARE}, flush=True)

    model = Matcher(len(vocabulary), rarity)
    bags, steps = [bag(text) for text in texts], Steps(model, 1e-2)
    for epoch in range(a.taught_epochs):
        steps.set_rate(1 - 0.9 * epoch / a.taught_epochs)
        order = rng.sample(range(len(texts)), len(texts))
        for at in range(0, len(order), 512):
            part = order[at:at + 512]
            steps.step(as_taught(model, [bags[i] for i in part], target[part], rng))
        print("taught", epoch + 1, measure(model, bag, held), flush=True)
    steps = Steps(model, 4e-3)
    for epoch in range(a.epochs):
        steps.set_rate(0.5 * (1 + np.cos(np.pi * epoch / a.epochs)))
        pairs = []
        for name, questions, passages, near in groups:
            for question in questions if name != "thesaurus" else questions[:3]:
                if rng.random() < SHARE[name]:
                    noisy = augment(question, rng) if name != "thesaurus" else question
                    pairs.append((noisy, rng.choice(passages), id(passages), near))
        rng.shuffle(pairs)
        for at in range(0, len(pairs), BATCH):
            loss = answers(model, pairs[at:at + BATCH], bag, rng)
            some = rng.sample(range(len(texts)), BATCH)
            steps.step(loss + a.keep * as_taught(model, [bags[i] for i in some], target[some], rng))
        print("epoch", epoch + 1, measure(model, bag, held), flush=True)
    export(a.out / "zh.safetensors", model, vocabulary)


@torch.no_grad()
def measure(model, bag, held):
    """Over rows never trained on: is the own passage the nearest of all, and is a question nearer to it than a near miss is?"""
    docs = model([bag(g[2][0]) for g in held], "passage")
    hits = pairs = order = count = 0
    for i, (_, questions, _, near) in enumerate(held):
        q = model([bag(x) for x in questions[:-1]], "question")
        sims = q @ docs.T
        hits += int((sims.argmax(1) == i).sum()); count += len(questions) - 1
        if near:
            n = model([bag(x) for x in near], "question") @ docs[i]
            order += int((sims[:, i][:, None] > n[None, :]).sum()); pairs += sims.shape[0] * len(near)
    return f"hit@1 {hits / max(count, 1):.3f} of {len(held)} passages, above near misses {order / max(pairs, 1):.3f}"


def export(path, model, vocabulary):
    """int8 per row; a row's scale carries the question weight and the passage weight of its feature."""
    v = model.vectors.weight.detach().numpy()
    scale = np.maximum(np.abs(v).max(1) / 127, 1e-12)
    q, d = (w.detach().exp().numpy() for w in (model.question, model.passage))
    save_file({"vectors": np.round(v / scale[:, None]).astype(np.int8), "question": (scale * q).astype(np.float32),
               "passage": (scale * d).astype(np.float32), "features": np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8)}, str(path))
    print(path.stat().st_size, "bytes")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    for name, run in (("teach", teach), ("train", train)):
        s = sub.add_parser(name); s.set_defaults(run=run)
        for folder in ("data", "train", "eval", "work"):
            s.add_argument("--" + folder, type=Path, required=True)
        if name == "teach":
            s.add_argument("--teacher", type=Path, required=True)
        else:
            s.add_argument("--thesaurus", type=Path, required=True); s.add_argument("--out", type=Path, default=HERE)
            s.add_argument("--taught-epochs", type=int, default=6); s.add_argument("--epochs", type=int, default=8)
            s.add_argument("--keep", type=float, default=0.5); s.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
