"""Tunes all-MiniLM-L6-v2 so that a customer's words lie near the policy's, and sentences are read in their passage.

    train.py train   --base DIR --groups FILE [--rows FILE...] --work DIR --minutes 40 [--start CHECKPOINT] [--own 0.5]
    train.py export  --base DIR --checkpoint FILE --out DIR [--share 0.7]
    train.py measure --base DIR [--model original FILE[@SHARE]...] [--sets DIR...] [--rows FILE...]

`--base` is the folder of all-MiniLM-L6-v2, `--groups` what `models/reader/train.py prepare` writes, `--rows` the written rows of
`models/rows/` (or they are in `--groups` already, with what the encoder itself confuses: `prepare --own … --encoder …`). A text is read once, `[CLS] TITLE. HEADINGS: passage [SEP]`; the mean over all its tokens is the passage's vector,
the mean over a sentence's tokens the sentence's. Questions are read alone. Embeddings and their LayerNorm stay as they are.

Losses, all softmax over cosines times SCALE: right passage among all of the batch, right question among all of the batch (near
misses included), the same with passages scored as the engine does (half the passage, half its best sentence), and the answering
sentence among those of the right passage. `--share` mixes the trained weights with the original ones (Wortsman et al., WiSE-FT,
CVPR 2022): what the original knew of other subjects stays.
"""
import argparse, collections, hashlib, importlib.util, json, math, pickle, random, time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

SEED, SCALE, MAX_TOKENS, QUESTION_TOKENS, HIDDEN = 21, 20.0, 160, 64, 384


def reader_module():
    """The reader's recipe: its model, its text tools and its noise are used here too."""
    spec = importlib.util.spec_from_file_location("reader_recipe", Path(__file__).resolve().parent.parent / "reader" / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


R = reader_module()


# ------------------------------------------------------------------------------------------------ reading texts

class Texts:
    def __init__(self, base):
        self.tok = Tokenizer.from_file(str(base / "tokenizer.json"))
        self.tok.no_padding(); self.tok.no_truncation()
        self.cls, self.sep = self.tok.token_to_id("[CLS]"), self.tok.token_to_id("[SEP]")
        self.cache = {}

    def question(self, text):
        return [self.cls] + self.tok.encode(text, add_special_tokens=False).ids[-QUESTION_TOKENS:] + [self.sep]

    def passage(self, heading, text):
        """Ids, and for every token the number of its sentence (-1 outside) with each sentence's character range."""
        key = (heading, text)
        if key not in self.cache:
            h = self.tok.encode(heading, add_special_tokens=False).ids if heading else []
            p = self.tok.encode(text, add_special_tokens=False)
            room = MAX_TOKENS - 2
            ids = [self.cls] + (h + p.ids)[:room] + [self.sep]
            where = R.sentence_ids(text, p.offsets)[: max(0, room - len(h))]
            sents = [-1] * (1 + min(len(h), room)) + where
            self.cache[key] = (ids, (sents + [-1] * len(ids))[: len(ids)], R.sentences(text))
        return self.cache[key]


def encode(model, ids):
    """Hidden states, padded, with their mask; texts of like length run together."""
    out = [None] * len(ids)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    step = math.ceil(len(order) / 3) if len(order) > 24 else len(order)
    for at in range(0, len(order), step):
        part = order[at:at + step]
        x, m, _ = R.pad([ids[i] for i in part], [[0] * len(ids[i]) for i in part])
        h = model.hidden(x, torch.zeros_like(x), m)[1]
        for row, i in enumerate(part):
            out[i] = h[row, : len(ids[i])]
    return out


def unit(v):
    return F.normalize(v, dim=-1)


def pooled(model, ids):
    return unit(torch.stack([h.mean(0) for h in encode(model, ids)]))


def sentence_vectors(hidden, sents):
    """[n, HIDDEN] unit vectors of the sentences that have tokens, and their numbers."""
    s = torch.tensor(sents)
    inside = s >= 0
    if not inside.any():
        return None, []
    n = int(s.max()) + 1
    count = torch.bincount(s[inside], minlength=n)
    total = torch.zeros(n, HIDDEN).index_add(0, s[inside], hidden[inside])
    keep = count > 0
    return unit(total[keep] / count[keep, None]), torch.nonzero(keep).squeeze(1).tolist()


# ------------------------------------------------------------------------------------------------ batches

def stream(groups, rng, own):
    """Endless: `own` is the share of written rows; every set is walked through before it repeats.

    Of a written passage two questions come at once, half of the time with a near miss: one reading of the passage serves them all.
    """
    sets, bundles = collections.defaultdict(list), collections.defaultdict(list)
    for g in groups:
        if g[0] == "own_policies":
            bundles[g[2][0][1]].append(g)
        else:
            sets[g[0]].append([g])
    sets["own_policies"] = list(bundles.values())
    weights = {n: own / 2.25 if n == "own_policies" else (1 - own) * R.MIX[n] for n in sets}
    names, queue = list(weights), {n: [] for n in weights}
    while True:
        n = rng.choices(names, [weights[k] for k in names])[0]
        if not queue[n]:
            queue[n] = sets[n][:]; rng.shuffle(queue[n])
        bundle = queue[n].pop()
        asked, missed = [g for g in bundle if g[2][0][3]], [g for g in bundle if not g[2][0][3]]
        yield from rng.sample(asked, min(2, len(asked))) + (rng.sample(missed, 1) if missed and rng.random() < 0.5 else [])


# ------------------------------------------------------------------------------------------------ training

def train(a):
    torch.manual_seed(SEED); torch.set_num_threads(a.threads)
    rng = random.Random(SEED + (a.start is not None) + a.seed)
    texts, model = Texts(a.base), R.Reader(a.base)
    if a.start:
        model.load_state_dict(load_file(str(a.start)), strict=False)
    model.train()
    groups = pickle.load(open(a.groups, "rb")) if a.groups else []
    groups = [g for g in groups if g[0] == "own_policies" or any(item[3] == 1 for item in g[2])]
    for path in a.rows:
        groups += R.own_groups(path, rng)
    print({k: v for k, v in collections.Counter(g[0] for g in groups).items()}, flush=True)
    feed = stream(groups, rng, a.own)
    body = [p for n, p in model.named_parameters() if n.startswith("encoder.")]
    opt = torch.optim.AdamW([{"params": [p for p in body if p.dim() > 1], "weight_decay": 0.01},
                             {"params": [p for p in body if p.dim() <= 1], "weight_decay": 0.0}], lr=a.lr, fused=True)
    average = {n: p.detach().clone() for n, p in model.named_parameters() if n.startswith("encoder.")}
    t0, step, tokens, saved, log = time.time(), 0, 0, time.time(), collections.defaultdict(list)

    def save(name):
        save_file({n: v.contiguous() for n, v in average.items()}, str(a.work / name))

    a.work.mkdir(parents=True, exist_ok=True)
    while (done := (time.time() - t0) / (60 * a.minutes)) < 1:
        factor = min(1.0, done / 0.05 + 0.02) * max(0.02, 1 - max(0.0, done - 0.05) / 0.95)
        for g in opt.param_groups:
            g["lr"] = a.lr * factor
        questions, right, pool, index = [], [], [], {}

        def place(item):
            key = (item[0] if rng.random() > 0.05 else "", item[1])
            if item[1] not in index:
                index[item[1]] = len(pool); pool.append(key)
            return index[item[1]]

        misses = []  # (question number, passage): not answered there
        while len(questions) < a.batch:
            name, q, items = next(feed)
            positive = [i for i in items if i[3] == 1]
            negative = [i for i in items if i[3] == 0]
            q = R.augment(q, rng) if rng.random() < 0.6 else q
            if positive:
                right.append((place(positive[0]), positive[0][2]))
                for item in rng.sample(negative, min(len(negative), a.hard)):
                    place(item)
            else:
                misses.append((len(questions), place(negative[0])))
                right.append(None)
            questions.append(q)
        read = [texts.passage(*p) for p in pool]
        q = pooled(model, [texts.question(t) for t in questions])
        hidden = encode(model, [r[0] for r in read])
        p = unit(torch.stack([h.mean(0) for h in hidden]))
        cosine = q @ p.T
        best, own_sentences = [], []
        for h, r in zip(hidden, read):
            v, numbers = sentence_vectors(h, r[1])
            own_sentences.append((v, numbers))
            best.append((q @ v.T).max(1).values if v is not None else q.new_full((len(q),), -1.0))
        both = 0.5 * cosine + 0.5 * torch.stack(best, 1)
        answered = [i for i, r in enumerate(right) if r]
        gold = torch.tensor([right[i][0] for i in answered])
        rows_ = torch.tensor(answered)
        losses = {"passage": F.cross_entropy(SCALE * cosine[rows_], gold), "both": F.cross_entropy(SCALE * both[rows_], gold)}
        # The other way round: a passage's own questions against all others. Other questions of the same passage are no wrong answer.
        back = SCALE * both.T[gold]
        same = torch.zeros_like(back, dtype=torch.bool)
        for a_, i in enumerate(answered):
            for j in answered:
                same[a_, j] = j != i and right[j][0] == right[i][0]
        losses["back"] = F.cross_entropy(back.masked_fill(same, -1e4), rows_)
        choice = []
        for i in answered:
            place_, spans = right[i]
            v, numbers = own_sentences[place_]
            if not spans or v is None or len(numbers) < 2:
                continue
            ranges = read[place_][2]
            good = torch.tensor([any(ranges[n][0] < e and s < ranges[n][1] for s, e in spans) for n in numbers])
            if good.any() and not good.all():
                c = SCALE * (q[i] @ v.T)
                choice.append(torch.logsumexp(c, 0) - torch.logsumexp(c[good], 0))
        losses["sentence"] = torch.stack(choice).mean() if choice else q.sum() * 0
        loss = 0.5 * losses["passage"] + losses["both"] + 0.5 * losses["back"] + 0.7 * losses["sentence"]
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        opt.step()
        step += 1; tokens += sum(len(r[0]) for r in read)
        with torch.no_grad():
            keep = min(0.99, step / (step + 10))
            for n, v in model.named_parameters():
                if n in average:
                    average[n].lerp_(v, 1 - keep)
        for k, v in losses.items():
            log[k].append(float(v.detach()))
        log["hit"].append(float((both[rows_].argmax(1) == gold).float().mean()))
        if step % 25 == 0:
            print(f"{time.time() - t0:6.0f}s step {step} questions {step * a.batch} tok/s {tokens / (time.time() - t0):.0f} lr {a.lr * factor:.1e} "
                  + " ".join(f"{k} {np.mean(v[-50:]):.3f}" for k, v in log.items()), flush=True)
        if time.time() - saved > 180:
            save("latest.safetensors"); saved = time.time()
    save("final.safetensors")
    print("done", step, "steps", step * a.batch, "questions", tokens, "passage tokens", f"{time.time() - t0:.0f}s")


# ------------------------------------------------------------------------------------------------ export

def mixed(base, checkpoint, share):
    """Encoder layers: `share` of the trained weights, the rest of the original ones."""
    original, trained = load_file(str(base / "model.safetensors")), load_file(str(checkpoint))
    return {n: share * t.float() + (1 - share) * original[n].float() for n, t in trained.items() if n.startswith("encoder.")}


def export(a):
    out = {}
    for name, t in mixed(a.base, a.checkpoint, a.share).items():
        if t.dim() == 2:
            scale = (t.abs().amax(1) / 127).clamp(min=1e-12)
            out[name] = (t / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
            out[name + ".scale"] = scale
        else:
            out[name] = t.contiguous()
    a.out.mkdir(parents=True, exist_ok=True)
    target = a.out / "encoder.safetensors"
    save_file(out, str(target))
    print(target, target.stat().st_size, hashlib.sha256(target.read_bytes()).hexdigest())


# ------------------------------------------------------------------------------------------------ measuring

def written_set(paths, every):
    """Passages and (question, number of its passage, answer spans) of written rows."""
    passages, questions, index = [], [], {}
    for path in paths:
        for _, q, items in R.own_groups(path, random.Random(SEED)):
            if items[0][3] == 1 and items[0][2]:
                key = (items[0][0], items[0][1])
                if key not in index:
                    index[key] = len(passages); passages.append(key)
                questions.append((q, {index[key]}, items[0][2]))
    return passages, questions[::every]


def labelled_set(folder, every):
    """The same of an evaluation set: whole documents, or its passages where it has them."""
    documents = folder / "corpus_passages.jsonl"
    by_passage = documents.exists()
    rows = [json.loads(line) for line in open(documents if by_passage else folder / "corpus.jsonl", encoding="utf-8")]
    passages, owner = [], []
    for r in rows:
        for text in R.chunks(R.unwrap(r["text"]), 100):
            passages.append((R.head(r.get("title") or ""), text)); owner.append(r["doc_id"])
    where = collections.defaultdict(set)
    for i, o in enumerate(owner):
        where[o].add(i)
    questions = []
    for line in open(folder / "questions.dev.jsonl", encoding="utf-8"):
        r = json.loads(line)
        gold = set().union(*(where[g] for g in r.get("gold_passage_ids" if by_passage else "gold_doc_ids") or []))
        if gold:
            questions.append((r["question"], gold, []))
    return passages, questions[::every]


def measure(a):
    """Hit@1, MRR and choice of sentence by cosines alone, over texts none of the models was trained on."""
    torch.set_num_threads(a.threads)
    texts = Texts(a.base)
    sets = {"written": written_set(a.rows, a.every)} if a.rows else {}
    for folder in a.sets:
        sets[folder.name] = labelled_set(folder, a.every)
    for checkpoint in a.model:
        path, _, share = str(checkpoint).partition("@")
        model = R.Reader(a.base).eval()
        if path != "original":
            model.load_state_dict(mixed(a.base, Path(path), float(share or 1)), strict=False)
        for name, (passages, questions) in sets.items():
            with torch.no_grad():
                whole, sentence = [], []
                for at in range(0, len(passages), 48):
                    part = [texts.passage(*p) for p in passages[at:at + 48]]
                    for h, r in zip(encode(model, [r[0] for r in part]), part):
                        whole.append(unit(h.mean(0))); sentence.append(sentence_vectors(h, r[1]) + (r[2],))
                q = torch.cat([pooled(model, [texts.question(g[0]) for g in questions[at:at + 64]]) for at in range(0, len(questions), 64)])
                best = [(q @ v.T).max(1).values if v is not None else torch.full((len(q),), -1.0) for v, _, _ in sentence]
                both = 0.5 * q @ torch.stack(whole).T + 0.5 * torch.stack(best, 1)
            ranks, right = [], []
            for i, (_, gold, spans) in enumerate(questions):
                top = max(gold, key=lambda g: both[i, g])
                ranks.append(1 + int((both[i] > both[i, top]).sum()))
                v, numbers, ranges = sentence[top]
                if spans and v is not None:
                    n = numbers[int((q[i] @ v.T).argmax())]
                    right.append(any(ranges[n][0] < e and s < ranges[n][1] for s, e in spans))
            ranks = np.array(ranks)
            print(f"{checkpoint} {name}: {len(questions)} questions, {len(passages)} passages: hit@1 {(ranks == 1).mean():.3f} hit@5 {(ranks <= 5).mean():.3f} "
                  f"mrr {(1 / ranks).mean():.3f} sentence {np.mean(right) if right else math.nan:.3f}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    t = sub.add_parser("train")
    t.add_argument("--base", type=Path, required=True); t.add_argument("--groups", type=Path); t.add_argument("--rows", type=Path, nargs="*", default=[])
    t.add_argument("--work", type=Path, required=True); t.add_argument("--minutes", type=float, default=40); t.add_argument("--start", type=Path)
    t.add_argument("--own", type=float, default=0.5); t.add_argument("--lr", type=float, default=5e-5); t.add_argument("--batch", type=int, default=32)
    t.add_argument("--seed", type=int, default=0, help="another one for each run that goes on from a checkpoint")
    t.add_argument("--hard", type=int, default=1); t.add_argument("--threads", type=int, default=2)
    t.set_defaults(run=train)
    e = sub.add_parser("export")
    e.add_argument("--base", type=Path, required=True); e.add_argument("--checkpoint", type=Path, required=True); e.add_argument("--out", type=Path, required=True)
    e.add_argument("--share", type=float, default=0.8); e.set_defaults(run=export)
    m = sub.add_parser("measure")
    m.add_argument("--base", type=Path, required=True); m.add_argument("--model", nargs="+", default=["original"]); m.add_argument("--rows", type=Path, nargs="*", default=[])
    m.add_argument("--sets", type=Path, nargs="*", default=[], help="folders of labelled sets")
    m.add_argument("--every", type=int, default=1); m.add_argument("--threads", type=int, default=2); m.set_defaults(run=measure)
    a = p.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
