"""Trains the Chinese matcher: a bag of character n-grams to a unit vector, so that a customer's words lie near the policy's.

    python train.py --data models/rows --thesaurus models/thesaurus/zh.txt --train SHARED/train --eval SHARED/eval --out models/zh-matcher

Needs torch, numpy and safetensors. About five minutes on two cores. One seed, one thread of randomness: runs repeat.
A text's features are its Chinese characters, their pairs and triples, words of Latin letters, and one mark for numbers. The vector is the
weighted sum of the features' vectors, made unit length. Questions and passages share the vectors and have weights of their own.
"""
import argparse, json, random, re, sys, unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "rows"))
import rows as written  # noqa: E402

SEED, DIM, BATCH = 13, 128, 384
RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+|[0-9]+(?:\.[0-9]+)?")


def features(text):
    """The features of a text, repeated as often as they occur. The program computes the same in Rust."""
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
            left, right = left.split(), (right or left).split()
            groups.append(("thesaurus", left, right, []))
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
    for line in (a.eval / "stard_zh" / "questions.dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold = [articles[i] for i in row["gold_doc_ids"] if i in articles]
        if gold:
            groups.append(("law", [row["question"]], gold, []))
    return groups


FILLERS = ["请问", "你好，", "那个", "想问下", "麻烦问下", "急！", "在吗 ", "我想知道", "就是", "气死了，", "哎", "亲，"]
TAILS = ["啊", "呀", "吗", "呢", "？？", "谢谢", "，急", "。", "怎么办", "咋整", "😭", ""]


def augment(text, rng):
    if rng.random() < 0.3:
        text = rng.choice(FILLERS) + text
    if rng.random() < 0.3:
        text = text.rstrip("？?。") + rng.choice(TAILS)
    if rng.random() < 0.15 and len(text) > 6:
        at = rng.randrange(len(text))
        text = text[:at] + text[at + 1:]
    return text


class Matcher(torch.nn.Module):
    def __init__(self, size, rarity):
        super().__init__()
        self.vectors = torch.nn.Embedding(size, DIM)
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


def main():
    p = argparse.ArgumentParser()
    for name in ("data", "thesaurus", "train", "eval", "out"):
        p.add_argument("--" + name, type=Path, required=True)
    p.add_argument("--epochs", type=int, default=8)
    a = p.parse_args()
    random.seed(SEED), torch.manual_seed(SEED), torch.set_num_threads(2)
    rng = random.Random(SEED)
    groups = load(a)
    print(Counter(g[0] for g in groups))
    own = [g for g in groups if g[0] == "own"]
    rng.shuffle(own)
    held = own[: len(own) // 10] if a.epochs else []
    kept = {id(g) for g in held}
    asked = {question for g in held for question in g[1]}
    groups = [g for g in groups if id(g) not in kept and not asked.intersection(g[1])]

    counts, texts = Counter(), 0
    for _, questions, passages, near in groups:
        for text in questions + passages + near:
            counts.update(set(features(text))); texts += 1
    vocabulary = sorted(f for f, n in counts.items() if n >= (2, 2, 3)[min(len(f), 3) - 1])
    index = {f: i for i, f in enumerate(vocabulary)}
    rarity = [np.log(1 + texts / counts[f]) / 3 * (0.6 if len(f) == 1 else 1.0) for f in vocabulary]
    print(len(vocabulary), "features,", texts, "texts")
    bag = lambda text: [index[f] for f in features(text) if f in index] or [0]

    model = Matcher(len(vocabulary), rarity)
    vectors = torch.optim.Adam([model.vectors.weight], lr=4e-3)
    others = torch.optim.Adam([model.question, model.passage, model.scale], lr=1e-2)
    share = {"own": 1.0, "sentence": 0.5, "thesaurus": 1.0, "faq": 0.5, "qa": 0.5, "law": 1.0}
    for epoch in range(a.epochs):
        rate = 0.5 * (1 + np.cos(np.pi * epoch / a.epochs))
        for o, base in ((vectors, 4e-3), (others, 1e-2)):
            for g in o.param_groups:
                g["lr"] = base * rate + 1e-5
        pairs = []
        for name, questions, passages, near in groups:
            for question in questions if name != "thesaurus" else questions[:3]:
                if rng.random() < share[name]:
                    pairs.append((augment(question, rng) if name != "thesaurus" else question, rng.choice(passages), id(passages), near))
        rng.shuffle(pairs)
        total = 0.0
        for at in range(0, len(pairs), BATCH):
            part = pairs[at:at + BATCH]
            same = np.array([x[2] for x in part])
            mask = torch.tensor(same[:, None] == same[None, :]) & ~torch.eye(len(part), dtype=torch.bool)
            q = model([bag(x[0]) for x in part], "question", 0.25)
            d = model([bag(x[1]) for x in part], "passage", 0.25)
            heat = model.scale.exp()
            logits = (heat * q @ d.T).masked_fill(mask, -1e4)
            target = torch.arange(len(part))
            loss = F.cross_entropy(logits, target)
            hard = [(i, rng.choice(x[3])) for i, x in enumerate(part) if x[3]]
            back = logits.T
            if hard:
                n = model([bag(augment(text, rng)) for _, text in hard], "question", 0.25)
                rows = torch.tensor([i for i, _ in hard])
                own_near = torch.full((len(part),), -1e4)
                own_near[rows] = heat * (n * d[rows]).sum(1)
                back = torch.cat([back, own_near[:, None]], 1)
            loss = loss + F.cross_entropy(back, target)
            vectors.zero_grad(); others.zero_grad()
            loss.backward()
            vectors.step(); others.step()
            total += loss.item() * len(part)
        if epoch % 5 == 4 or epoch == a.epochs - 1:
            print("epoch", epoch + 1, "loss", round(total / len(pairs), 3), "held back:", measure(model, bag, held))
    # Rare features are left out in the end: they are a third of the file and stand in few other texts.
    export(a.out, model, vocabulary, [i for i, f in enumerate(vocabulary) if counts[f] >= (2, 3, 5)[min(len(f), 3) - 1]])


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


def export(out, model, vocabulary, kept):
    """int8 per row; a row's scale carries the question weight and the passage weight of its feature."""
    v = model.vectors.weight.detach().numpy()[kept]
    scale = np.maximum(np.abs(v).max(1) / 127, 1e-12)
    whole = np.round(v / scale[:, None]).astype(np.int8)
    q, d = (w.detach().exp().numpy()[kept] for w in (model.question, model.passage))
    text = "\n".join(vocabulary[i] for i in kept).encode("utf-8")
    save_file({"vectors": whole, "question": (scale * q).astype(np.float32), "passage": (scale * d).astype(np.float32),
               "features": np.frombuffer(text, dtype=np.uint8)}, str(out / "matcher.safetensors"))
    print((out / "matcher.safetensors").stat().st_size, "bytes")


main()
