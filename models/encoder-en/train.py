"""Trains the second English encoder, which reads the same tokens as the first (`models/encoder/`), and joins the vectors of both.

    train.py base    --package MODEL.onnx --work DIR
    train.py train   --work DIR --shared DIR --minutes 66 [--start CHECKPOINT] [--seed N] [--own 0.6] [--name final.safetensors]
    train.py export  --work DIR --checkpoint FILE [--share 1.0] --out DIR
    train.py project --work DIR --minilm DIR --out DIR [--second 0.4]

`base` reads bge-small-en out of the int8 ONNX file that README.md names. `train` learns from the written rows of `models/rows/` and the open sets
under `--shared` (README.md). A text is read once, `[CLS] TITLE. HEADINGS: passage [SEP]`; questions alone. Model, losses and measuring are those of
the Chinese encoder. `project` reads passages and questions with both encoders and writes the projection of their joint vectors: the first
`HIDDEN` directions of what varies most (no mean is taken off, so that cosines stay what they are), the shares of both folded in.
Needs torch, numpy, safetensors, tokenizers; `base` needs onnx. On Linux set MALLOC_MMAP_MAX_=0 and MALLOC_TRIM_THRESHOLD_=20000000000.
"""
import argparse, collections, importlib.util, random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

MODELS = Path(__file__).resolve().parent.parent


def recipe(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), MODELS / name / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Z = recipe("encoder-zh")  # model, losses, measuring
R = Z.R                   # reading of the open sets, noise


# ------------------------------------------------------------------------------------------------ the original

def base(a):
    import onnx
    from onnx import numpy_helper
    graph = onnx.load(str(a.package)).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    readers = collections.defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)

    def floats(name):
        stem = name.removesuffix("_quantized")
        return (values[name].astype(np.float32) - values[stem + "_zero_point"].astype(np.float32)) * values[stem + "_scale"]

    out = {name: v for name, v in values.items() if v.dtype == np.float32 and name.startswith(("embeddings.LayerNorm", "encoder."))}
    is_bias = lambda name: name in out and name.endswith(".bias")
    for node in graph.node:
        if node.op_type == "MatMulInteger":  # named after the bias that is added to its result
            at = node
            while not any(map(is_bias, at.input)):
                at = next(n for n in readers[at.output[0]] if n.op_type in ("Cast", "Mul", "Add"))
            out[next(filter(is_bias, at.input)).removesuffix("bias") + "weight"] = floats(node.input[1]).T
    for name in values:
        if name.startswith("embeddings.") and name.endswith("_quantized"):
            out[name.removesuffix("_quantized")] = floats(name)
    a.work.mkdir(parents=True, exist_ok=True)
    save_file({name: torch.tensor(np.ascontiguousarray(v, dtype=np.float32)) for name, v in out.items()}, str(a.work / "base.safetensors"))
    (a.work / "tokenizer.json").write_bytes((a.package.parent / "tokenizer.json").read_bytes())


def heading(*parts):
    parts = [part.strip().rstrip(".:") for part in parts if part and part.strip()]
    return ". ".join(parts) + ": " if parts else ""


class Texts(Z.Texts):
    marks = (101, 102)

    def __init__(self, work):
        super().__init__(work)
        self.tokenizer.no_padding(), self.tokenizer.no_truncation()

    def heading(self, *parts):
        return heading(*parts)

    def question(self, text):
        return [self.marks[0]] + self.ids(text)[-Z.QUESTION_TOKENS:] + [self.marks[1]]

    def before(self, place):
        return self.ids(place)[:64]


# ------------------------------------------------------------------------------------------------ data

def cut(text):
    return [text[start:end] for start, end in R.sentences(text)]


def beginning(text, words=90):
    """Its first sentences."""
    sentences, size = [], 0
    for sentence in cut(R.strip_marks(text)):
        if size > words:
            break
        sentences.append(sentence)
        size += len(sentence.split())
    return sentences


def answered(groups):
    """(question, heading, sentences, answering ones or None, near misses) of what the reader's recipe made of a set."""
    out = []
    for _, question, items in groups:
        right = next((item for item in items if item[3] == 1), None)
        if right:
            place, text, spans, _ = right
            ranges = R.sentences(text)
            gold = [n for n, (start, end) in enumerate(ranges) if any(start < e and s < end for s, e in spans or [])] or None
            out.append((question, place, [text[s:e] for s, e in ranges], gold, [(item[0], cut(item[1])) for item in items if item[3] == 0]))
    return out


FAQ = ("faq_policy_en", "faq_microsoft_en", "faq_opensource_en", "medquad")
SHARES = {"faq_policy_en": 0.26, "faq_microsoft_en": 0.08, "faq_opensource_en": 0.08, "medquad": 0.03, "xquad_en": 0.1, "qed_nq_dev": 0.12, "selqa": 0.09,
          "tatqa_text": 0.04, "doc2dial": 0.2}


def load(shared, rng):
    """Written rows in the order of their handbooks, one in twenty held back, and the open sets."""
    handbooks, held, sets = {}, [], {}
    for path in sorted((MODELS / "rows").glob("en_*.jsonl")):
        own = list(Z.written.read(path))
        held += own[5::20]
        handbooks[path.name] = [row for number, row in enumerate(own) if number % 20 != 5]
    for name in FAQ:
        sets[name] = []
        for row in R.rows(shared / "train", name):
            same = row["title"].strip().lower() == row["question"].strip().lower()
            sentences = beginning(row["passage"])
            if sentences and len(row["question"]) > 8:
                sets[name].append((row["question"], "" if same else heading(row["title"]), sentences, None, []))
    for name in ("xquad_en", "qed_nq_dev", "selqa", "tatqa_text"):
        sets[name] = answered(R.span_groups(name, R.rows(shared / "train", name), rng, None))
    sets["doc2dial"] = answered(R.doc2dial_groups(shared / "eval", rng))
    return handbooks, held, sets


def batch(own_share, handbooks, sets, texts, rng):
    """As the Chinese encoder's: neighbours of the same handbooks, or of the same pages; elsewhere a near miss beside each passage."""
    if rng.random() < own_share:
        pool, questions, right = Z.neighbours(handbooks, texts, rng)
    else:
        pool, questions, right = [], [], []
        name = rng.choices(list(SHARES), list(SHARES.values()))[0]
        rows, chosen, places = sets[name], [], {}
        if name in FAQ:
            while len(chosen) < 18:
                at = rng.randrange(len(rows))
                chosen += rows[at:at + 4]
        else:
            chosen = rng.sample(rows, 11)
        for question, place, sentences, gold, near in chosen[:18]:
            key = tuple(sentences)
            if key not in places:
                places[key] = len(pool)
                pool.append(texts.passage(place if rng.random() > 0.1 else "", sentences))
                for miss_place, miss in rng.sample(near, min(1, len(near))):
                    if tuple(miss) not in places:
                        places[tuple(miss)] = len(pool)
                        pool.append(texts.passage(miss_place, miss))
            questions.append(question), right.append((places[key], gold))
    return pool, [texts.question(R.augment(q, rng) if rng.random() < 0.6 else q) for q in questions], right


# ------------------------------------------------------------------------------------------------ training

def train(a):
    random.seed(a.seed), torch.manual_seed(a.seed), torch.set_num_threads(a.threads)  # the reader's recipe draws from the shared one, too
    rng = random.Random(a.seed)
    texts, model = Texts(a.work), Z.Encoder(a.work / "base.safetensors")
    handbooks, held, sets = load(a.shared, rng)
    if a.start:
        model.load_state_dict(load_file(str(a.start)))
    print({name: len(rows) for name, rows in {**handbooks, **sets}.items()}, Z.measure(model, texts, held), flush=True)
    Z.fit(model, lambda: batch(a.own, handbooks, sets, texts, rng), texts, held, a, a.name)


# ------------------------------------------------------------------------------------------------ export

def export(a):
    a.out.mkdir(parents=True, exist_ok=True)
    Z.export_weights(a)


def shipped(path):
    """The weights of a shipped file, in f32."""
    stored = load_file(str(path))
    return {n: v.float() * stored[n + ".scale"][:, None] if n + ".scale" in stored else v for n, v in stored.items() if not n.endswith(".scale")}


@torch.no_grad()
def project(a):
    torch.set_num_threads(a.threads)
    texts, first, second = Texts(a.work), R.Reader(a.minilm).eval(), Z.Encoder(a.work / "base.safetensors").eval()
    first.load_state_dict(shipped(MODELS / "encoder" / "encoder.safetensors"), strict=False)
    weights = shipped(a.out / "encoder.safetensors")
    second.load_state_dict({n: v for n, v in weights.items() if n.startswith("encoder.")})
    rows = [row for path in sorted((MODELS / "rows").glob("en_*.jsonl")) for row in list(Z.written.read(path))[::4]]
    read = [texts.passage(heading(row["title"], row["heading"]), row["sentences"]) for row in rows]
    read += [(texts.question(question), None) for row in rows for question, _ in row["questions"][:3]]
    vectors = []
    for at in range(0, len(read), 32):
        part = read[at:at + 32]
        ids, mask, _ = R.pad([r[0] for r in part], [[0] * len(r[0]) for r in part])
        states = first.hidden(ids, torch.zeros_like(ids), mask)[1]
        for row, other, (own, of) in zip(states, Z.hidden(second, [r[0] for r in part]), part):
            both = [row[:len(own)].float(), other]
            vectors.append(torch.cat([Z.unit(state.mean(0)) for state in both])[None])
            sentences = [Z.sentence_vectors(state, of)[0] for state in both] if of else [None]
            if sentences[0] is not None:
                vectors.append(torch.cat(sentences, 1))
    shares = torch.cat([torch.full((Z.HIDDEN,), share ** 0.5) for share in (1 - a.second, a.second)])
    x = torch.cat(vectors) * shares
    directions, energy, _ = torch.linalg.svd(x.T @ x / len(x))
    stored = load_file(str(a.out / "encoder.safetensors"))
    stored["projection"] = (directions[:, :Z.HIDDEN].T * shares).contiguous()
    save_file(stored, str(a.out / "encoder.safetensors"))
    print(f"{len(x)} vectors, {energy[:Z.HIDDEN].sum() / energy.sum():.4f} of the energy kept")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)

    def command(title, run, **options):
        c = sub.add_parser(title)
        c.add_argument("--work", type=Path, required=True)
        for option, settings in options.items():
            c.add_argument("--" + option, **settings)
        c.set_defaults(run=run)

    path, threads = {"type": Path, "required": True}, {"type": int, "default": 1}
    command("base", base, package=path)
    command("train", train, shared=path, minutes={"type": float, "required": True}, start={"type": Path}, seed={"type": int, "default": 3}, threads=threads,
            lr={"type": float, "default": 1.1e-4}, own={"type": float, "default": 0.6}, name={"default": "final.safetensors"})
    command("export", export, checkpoint=path, share={"type": float, "default": 1.0}, out=path)
    command("project", project, minilm=path, out=path, second={"type": float, "default": 0.4}, threads=threads)
    a = p.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
