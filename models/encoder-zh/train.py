"""Trains the Chinese encoder: multilingual-e5-small, so that a customer's words lie near the policy's, and sentences are read in their passage.

    train.py base    --package FILE --work DIR
    train.py train   --work DIR --shared DIR --minutes 50 [--start CHECKPOINT] [--seed N]
    train.py export  --work DIR --checkpoint FILE [--share 1.0] --out DIR

`base` reads the weights and the tokenizer out of `e5-small-q4.bin` (`--package`; README.md says where it comes from) and keeps the pieces that
Chinese policies need. `train` learns from the written rows of `models/rows/` and the open sets under `--shared` (README.md). A text is
read once, `<s> passage: TITLE HEADINGS：sentences </s>`; the mean over all its tokens is the passage's vector, the mean over a sentence's
tokens the sentence's. Questions: `<s> query: text </s>`. Embeddings and their LayerNorm stay as they are.

Losses, all softmax over cosines times SCALE: right passage of the batch by its vector, the same scored as search does (half the passage, half its
best sentence), right question of the batch with near misses among them, and the answering sentence of the right passage. A batch holds
neighbours of the same handbooks, which are what is mistaken for each other.
Needs torch, numpy, safetensors, tokenizers. One thread: on a busy machine two wait for each other. On Linux set MALLOC_MMAP_MAX_=0 and
MALLOC_TRIM_THRESHOLD_=20000000000.
"""
import argparse, collections, importlib.util, json, math, random, re, struct, sys, time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file as load_arrays, save_file as save_arrays
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import nn

MODELS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MODELS / "rows"))
import rows as written  # noqa: E402

HIDDEN, INNER, LAYERS, SCALE, MAX_TOKENS, QUESTION_TOKENS = 384, 1536, 12, 20.0, 176, 64


def reader_recipe():
    """Its BERT layer is used here too."""
    spec = importlib.util.spec_from_file_location("reader_recipe", MODELS / "reader" / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


R = reader_recipe()


# ------------------------------------------------------------------------------------------------ the original

def is_chinese(c):
    return "\u3400" <= c <= "\u9fff" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" or c in "“”‘’—…·×÷℃￥¥€£%"


def wanted(piece, rank):
    """Chinese pieces, and the commoner ones of Latin letters and digits."""
    text = piece.replace("\u2581", "")
    if rank < 4 or piece == "\u2581":
        return True
    return bool(text) and all(is_chinese(c) or c.isascii() for c in text) and (not text.isascii() or rank < 12_000 or len(text) <= 2)


def base(a):
    data, at = a.package.read_bytes(), 4

    def read(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def array(kind, count):
        nonlocal at
        values = np.frombuffer(data, kind, count, at)
        at += values.nbytes
        return values

    read("I7ifi")  # version, sizes, epsilon, block length
    count = read("i")
    read("4i")  # ids of the marks
    length = read("Q")
    starts, scores = array("<u4", count + 1), array("<f4", count)
    spelled = data[at:at + length]
    at += length
    read("i")
    size = read("I")
    at += size  # characters that are written as others: NFKC, which the tokenizer does by itself
    pieces = [spelled[starts[i]:starts[i + 1]].decode() for i in range(count)]
    tensors = {}
    for _ in range(read("i")):
        name = data[at + 2:at + 2 + struct.unpack_from("<H", data, at)[0]].decode()
        at += 2 + len(name)
        _, _, offset, size = read("BIQQ")
        tensors[name] = (offset, size)

    def floats(name, columns=None):
        offset, size = tensors[name]
        values = np.frombuffer(data, "<f4", size // 4, offset)
        return values.reshape(-1, columns) if columns else values.copy()

    def nibbles(name, columns):
        """Blocks of 32 weights: a half-precision scale, then 4-bit codes less 8, the low halves of the bytes first."""
        offset, size = tensors[name]
        blocks = np.frombuffer(data, np.uint8, size, offset).reshape(-1, 18)
        codes = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
        return (codes * blocks[:, :2].copy().view("<f2").astype(np.float32)).reshape(-1, columns)

    keep = [i for i, piece in enumerate(pieces) if wanted(piece, i)]
    out = {"embeddings.word_embeddings.weight": nibbles("emb.word", HIDDEN)[keep],
           "embeddings.position_embeddings.weight": floats("emb.pos", HIDDEN), "embeddings.token_type_embeddings.weight": floats("emb.type", HIDDEN),
           "embeddings.LayerNorm.weight": floats("emb.ln.w"), "embeddings.LayerNorm.bias": floats("emb.ln.b")}
    parts = {"attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v", "attention.output.dense": "ao",
             "intermediate.dense": "fi", "output.dense": "fo"}
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        for part, short in parts.items():
            out[f"{name}{part}.weight"] = nibbles(f"l{layer}.{short}.w", INNER if short == "fo" else HIDDEN)
            out[f"{name}{part}.bias"] = floats(f"l{layer}.{short}.b")
        for part, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            out[f"{name}{part}.weight"], out[f"{name}{part}.bias"] = floats(f"l{layer}.{short}.w"), floats(f"l{layer}.{short}.b")
    a.work.mkdir(parents=True, exist_ok=True)
    save_arrays({name: np.ascontiguousarray(values) for name, values in out.items()}, str(a.work / "base.safetensors"))
    tokenizer = Tokenizer(models.Unigram([(pieces[i], float(scores[i])) for i in keep], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex("[ \\t\\n\\r]+"), " ")])
    # Sentences are cut into pieces one by one: none begins with a space of its own.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="never", split=False)
    tokenizer.save(str(a.work / "tokenizer.json"))
    print(len(keep), "of", count, "pieces")


# ------------------------------------------------------------------------------------------------ model

class Encoder(nn.Module):
    def __init__(self, file):
        super().__init__()
        weights = load_file(str(file))
        self.frozen = {name: values for name, values in weights.items() if name.startswith("embeddings.")}
        self.encoder = R.tree(layer=nn.ModuleList(R.Layer() for _ in range(LAYERS)))
        self.load_state_dict({name: values for name, values in weights.items() if name.startswith("encoder.")})

    def forward(self, ids, mask):
        part = lambda name: self.frozen[f"embeddings.{name}"]
        x = part("word_embeddings.weight")[ids] + part("token_type_embeddings.weight")[0] + part("position_embeddings.weight")[:ids.shape[1]]
        x = F.layer_norm(x, (HIDDEN,), part("LayerNorm.weight"), part("LayerNorm.bias"), R.EPS)
        for layer in self.encoder.layer:
            x = layer(x, mask[:, None, None, :])
        return x


class Texts:
    """Token ids of texts. Another language has its own marks and headings: `models/encoder-en/train.py`."""
    marks = (0, 2)

    def __init__(self, work):
        self.tokenizer, self.read = Tokenizer.from_file(str(work / "tokenizer.json")), {}

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def heading(self, *parts):
        return heading(*parts)

    def question(self, text):
        return [self.marks[0]] + self.ids(" query: " + text)[:QUESTION_TOKENS] + [self.marks[1]]

    def before(self, place):
        """Ids before the sentences of a passage."""
        return self.ids(" passage: " + place)

    def passage(self, place, sentences):
        """Ids, and for every token the number of its sentence (-1 outside)."""
        key = (place, tuple(sentences))
        if key not in self.read:
            ids = [self.marks[0]] + self.before(place)
            of = [-1] * len(ids)
            for number, sentence in enumerate(sentences):
                own = self.ids(sentence)
                ids += own
                of += [number] * len(own)
            ids, of = ids[:MAX_TOKENS - 1], of[:MAX_TOKENS - 1]
            self.read[key] = (ids + [self.marks[1]], of + [-1])
        return self.read[key]


def hidden(model, texts):
    """Hidden states of each; texts of like length run together."""
    out, order = [None] * len(texts), sorted(range(len(texts)), key=lambda i: len(texts[i]))
    step = math.ceil(len(order) / 3) if len(order) > 24 else len(order)
    for at in range(0, len(order), step):
        part = order[at:at + step]
        longest = max(len(texts[i]) for i in part)
        x, mask = torch.ones(len(part), longest, dtype=torch.long), torch.zeros(len(part), longest, dtype=torch.bool)
        for row, i in enumerate(part):
            x[row, :len(texts[i])], mask[row, :len(texts[i])] = torch.tensor(texts[i]), True
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = model(x, mask)
        for row, i in enumerate(part):
            out[i] = states[row, :len(texts[i])].float()
    return out


def unit(v):
    return F.normalize(v, dim=-1)


def means(states):
    return unit(torch.stack([state.mean(0) for state in states]))


def sentence_vectors(state, of):
    """Unit vectors of the sentences that have tokens, and their numbers."""
    of = torch.tensor(of)
    inside = of >= 0
    if not inside.any():
        return None, []
    count = torch.bincount(of[inside])
    total = torch.zeros(len(count), HIDDEN).index_add(0, of[inside], state[inside])
    return unit(total[count > 0] / count[count > 0, None]), torch.nonzero(count).squeeze(1).tolist()


def search_scores(questions, whole, sentences):
    best = [(questions @ v.T).max(1).values if v is not None else questions.new_full((len(questions),), -1.0) for v, _ in sentences]
    return 0.5 * questions @ whole.T + 0.5 * torch.stack(best, 1)


# ------------------------------------------------------------------------------------------------ data

CUT = re.compile(r"[^。！？\n]*[。！？\n]*")


def cut(text):
    return [part for part in CUT.findall(text) if part.strip()]


def heading(*parts):
    parts = [part for part in parts if part]
    return " ".join(parts) + "：" if parts else ""


def around(text, start, end, rng, limit=230):
    """Sentences around an answer, about `limit` characters, and the numbers of those that hold it."""
    sentences, at, gold = cut(text), 0, []
    for number, sentence in enumerate(sentences):
        at = text.find(sentence, at)
        if at < end and start < at + len(sentence):
            gold.append(number)
        at += len(sentence)
    if not gold:
        return None
    low = high = gold[0]
    size = len(sentences[low])
    while True:
        more = [n for n in (low - 1, high + 1) if 0 <= n < len(sentences) and size + len(sentences[n]) < limit]
        if not more:
            return sentences[low:high + 1], [n - low for n in gold if low <= n <= high]
        n = rng.choice(more)
        low, high, size = min(low, n), max(high, n), size + len(sentences[n])


def load(shared, rng):
    """Written rows in the order of their handbooks, those held back, and per open set (question, heading, sentences, answering ones or None)."""
    lines = lambda path: [json.loads(line) for line in (shared / path).read_text(encoding="utf-8").splitlines() if line.strip()]
    handbooks, held = {}, []
    for path in sorted((MODELS / "rows").glob("zh_*.jsonl")):
        own = list(written.read(path))
        held += own[5::10]
        handbooks[path.name] = [row for number, row in enumerate(own) if number % 10 != 5]
    open_sets = collections.defaultdict(list)
    for row in lines("train/faq_zh/train.jsonl"):
        if row["lang"] == "zh":
            open_sets["faq"].append((row["question"], heading(row["title"]), cut(row["passage"][:260]), None))
    for row in lines("train/xquad_zh/train.jsonl"):
        for span in row["answer_spans"][:1]:
            if found := around(row["passage"], span["start"], span["end"], rng):
                open_sets["xquad"].append((row["question"], "", *found))
    pages = {page["doc_id"]: page for page in lines("eval/cmrc2018_zh/corpus.jsonl")}
    for row in lines("eval/cmrc2018_zh/questions.dev.jsonl"):
        page, answer = pages[row["gold_doc_ids"][0]], (row.get("gold_spans") or row["answers"] or [""])[0]
        at = page["text"].find(answer)
        if answer and at >= 0 and (found := around(page["text"], at, at + len(answer), rng)):
            open_sets["cmrc"].append((row["question"], heading(page["title"]), *found))
    articles = {article["doc_id"]: article for article in lines("eval/stard_zh/corpus.jsonl")}
    for row in lines("eval/stard_zh/questions.dev.jsonl"):
        for article in (articles[i] for i in row["gold_doc_ids"] if i in articles):
            open_sets["law"].append((row["question"], heading(article["title"]), cut(article["text"][:260]), None))
    return handbooks, held, open_sets


OWN_SHARE, OPEN_SHARES = 0.72, {"faq": 0.3, "xquad": 0.2, "cmrc": 0.2, "law": 0.3}
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


def neighbours(handbooks, texts, rng):
    """Passages out of handbooks in their order, questions, and for each question its passage with the answering sentences, or None for a near miss."""
    pool, questions, right = [], [], []
    while len(pool) < 15:
        rows = rng.choices(list(handbooks.values()), [len(rows) for rows in handbooks.values()])[0]
        at = rng.randrange(len(rows))
        for row in rows[at:at + rng.choice([3, 5, 7])]:
            place = texts.heading(row["title"], row["heading"]) if rng.random() > 0.07 else ""
            for question, gold in rng.sample(row["questions"], min(2, len(row["questions"]))):
                questions.append(question); right.append((len(pool), gold))
            if row["near"] and rng.random() < 0.7:
                questions.append(rng.choice(row["near"])); right.append(None)
            pool.append(texts.passage(place, row["sentences"]))
    return pool, questions, right


def batch(handbooks, open_sets, texts, rng):
    """As `neighbours`, but of an open set now and then, with the questions as token ids."""
    if rng.random() < OWN_SHARE:
        pool, questions, right = neighbours(handbooks, texts, rng)
    else:
        pool, questions, right = [], [], []
        name = rng.choices(list(OPEN_SHARES), list(OPEN_SHARES.values()))[0]
        for question, place, sentences, gold in rng.sample(open_sets[name], 14):
            questions.append(question); right.append((len(pool), gold))
            pool.append(texts.passage(place if rng.random() > 0.1 else "", sentences))
    return pool, [texts.question(augment(q, rng) if rng.random() < 0.5 else q) for q in questions], right


# ------------------------------------------------------------------------------------------------ training

def losses(model, pool, questions, right):
    q, states = means(hidden(model, questions)), hidden(model, [ids for ids, _ in pool])
    sentences = [sentence_vectors(state, of) for state, (_, of) in zip(states, pool)]
    whole = means(states)
    both = search_scores(q, whole, sentences)
    answered = [i for i, r in enumerate(right) if r]
    at, gold = torch.tensor(answered), torch.tensor([right[i][0] for i in answered])
    # Other questions of the same passage are no wrong answer.
    back, same = SCALE * both.T[gold], torch.zeros(len(answered), len(right), dtype=torch.bool)
    for row, i in enumerate(answered):
        for j in answered:
            same[row, j] = j != i and right[j][0] == right[i][0]
    choice = []
    for i in answered:
        place, good = right[i]
        vectors, numbers = sentences[place]
        if good and vectors is not None:
            good = torch.tensor([n in good for n in numbers])
            if good.any() and not good.all():
                cosines = SCALE * (q[i] @ vectors.T)
                choice.append(torch.logsumexp(cosines, 0) - torch.logsumexp(cosines[good], 0))
    parts = {"passage": F.cross_entropy(SCALE * (q @ whole.T)[at], gold), "both": F.cross_entropy(SCALE * both[at], gold),
             "back": F.cross_entropy(back.masked_fill(same, -1e4), at), "sentence": torch.stack(choice).mean() if choice else q.sum() * 0}
    return 0.5 * parts["passage"] + parts["both"] + 0.6 * parts["back"] + 0.7 * parts["sentence"], parts


@torch.no_grad()
def measure(model, texts, held):
    """Over rows held back: is the own passage the first of all, and is a question nearer to it than a near miss is?"""
    read = [texts.passage(texts.heading(row["title"], row["heading"]), row["sentences"]) for row in held]
    states = [state for at in range(0, len(read), 48) for state in hidden(model, [ids for ids, _ in read[at:at + 48]])]
    whole, sentences = means(states), [sentence_vectors(state, of) for state, (_, of) in zip(states, read)]
    asked = [(question, i) for i, row in enumerate(held) for question, _ in row["questions"]]
    near = [(question, i) for i, row in enumerate(held) for question in row["near"]]

    def scores(questions):
        ids = [texts.question(text) for text, _ in questions]
        return search_scores(torch.cat([means(hidden(model, ids[at:at + 64])) for at in range(0, len(ids), 64)]), whole, sentences)

    s, n = scores(asked), scores(near)
    own = collections.defaultdict(list)
    for row, (_, i) in zip(s, asked):
        own[i].append(row[i].item())
    higher = [score > row[i].item() for row, (_, i) in zip(n, near) for score in own[i]]
    hit = (s.argmax(1) == torch.tensor([i for _, i in asked])).float().mean()
    return f"hit@1 {hit:.3f} of {len(held)} passages, above near misses {np.mean(higher):.3f}"


def fit(model, draw, texts, held, a, name):
    """Learns from the batches that `draw` gives for `a.minutes`, and keeps the moving average of the weights as `name`."""
    body = list(model.parameters())
    steps = torch.optim.AdamW([{"params": [p for p in body if p.dim() > 1], "weight_decay": 0.01},
                               {"params": [p for p in body if p.dim() <= 1], "weight_decay": 0.0}], lr=a.lr)
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    started, step, log = time.time(), 0, collections.defaultdict(list)
    while (done := (time.time() - started) / (60 * a.minutes)) < 1:
        rate = a.lr * min(1, done / 0.05 + 0.02) * max(0.02, 1 - max(0, done - 0.05) / 0.95)
        for group in steps.param_groups:
            group["lr"] = rate
        loss, parts = losses(model, *draw())
        steps.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(body, 1.0)
        steps.step()
        step += 1
        with torch.no_grad():
            for name, p in model.named_parameters():
                average[name].lerp_(p, 1 - min(0.99, step / (step + 10)))
        for name, value in parts.items():
            log[name].append(float(value.detach()))
        if step % 25 == 0:
            print(f"{time.time() - started:6.0f}s step {step} " + " ".join(f"{k} {np.mean(v[-50:]):.3f}" for k, v in log.items()), flush=True)
    model.load_state_dict(average)
    save_file(average, str(a.work / name))
    print(step, "steps", measure(model, texts, held), flush=True)


def train(a):
    torch.manual_seed(a.seed), torch.set_num_threads(a.threads)
    rng = random.Random(a.seed)
    texts, model = Texts(a.work), Encoder(a.work / "base.safetensors")
    handbooks, held, open_sets = load(a.shared, rng)
    if a.start:
        model.load_state_dict(load_file(str(a.start)))
    print({name: len(rows) for name, rows in {**handbooks, **open_sets}.items()}, flush=True)
    fit(model, lambda: batch(handbooks, open_sets, texts, rng), texts, held, a, "final.safetensors")


# ------------------------------------------------------------------------------------------------ export

def export_weights(a):
    """int8 per row; `share` of the trained layers, the rest of the original ones. Returns the original ones."""
    weights, trained, out = load_arrays(str(a.work / "base.safetensors")), load_arrays(str(a.checkpoint)), {}
    for name, values in weights.items():
        if name in trained:
            values = a.share * trained[name] + (1 - a.share) * values
        if values.ndim == 2 and ("encoder." in name or "word" in name):
            scale = np.maximum(np.abs(values).max(1) / 127, 1e-12).astype(np.float32)
            out[name], out[name + ".scale"] = np.round(values / scale[:, None]).clip(-127, 127).astype(np.int8), scale
        else:
            out[name] = values.astype(np.float32)
    save_arrays({name: np.ascontiguousarray(values) for name, values in out.items()}, str(a.out / "encoder.safetensors"))
    return weights


def export(a):
    weights = export_weights(a)
    tokenizer = json.loads((a.work / "tokenizer.json").read_text(encoding="utf-8"))
    (a.out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    settings = {"model_type": "bert", "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": 12,
                "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": R.EPS, "pad_token_id": 1,
                "vocab_size": len(weights["embeddings.word_embeddings.weight"]), "hidden_dropout_prob": 0.0, "initializer_range": 0.02,
                "position_embedding_type": "absolute", "use_cache": False, "classifier_dropout": None}
    (a.out / "config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    for name, run in (("base", base), ("train", train), ("export", export)):
        s = sub.add_parser(name); s.set_defaults(run=run); s.add_argument("--work", type=Path, required=True)
        if name == "base":
            s.add_argument("--package", type=Path, required=True)
        elif name == "train":
            s.add_argument("--shared", type=Path, required=True); s.add_argument("--minutes", type=float, default=50); s.add_argument("--start", type=Path)
            s.add_argument("--lr", type=float, default=8e-5); s.add_argument("--seed", type=int, default=3); s.add_argument("--threads", type=int, default=1)
        else:
            s.add_argument("--checkpoint", type=Path, required=True); s.add_argument("--share", type=float, default=1.0); s.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
