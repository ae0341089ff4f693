"""Trains the frontdesk reader: a small cross-encoder over (question, passage).

    train.py prepare  --train DIR --open-eval DIR --base DIR --work DIR [--own FILE...]
    train.py train    --base DIR --work DIR --minutes 45 [--start CHECKPOINT]
    train.py export   --base DIR --checkpoint FILE --out DIR [--temperature T --bias B]
    train.py measure  --base DIR --model FILE --eval DIR --work DIR [--candidates FILE] [--layers 6]

`--base` is the folder of all-MiniLM-L6-v2 (model.safetensors, tokenizer.json, config.json).  The word, position and
type embeddings and their LayerNorm stay as they are; the encoder layers and two heads are trained:

    relevance (from [CLS])    does this passage answer the question?
    answer    (every token)   is this token part of an answering sentence?

Input:  [CLS] question [SEP] TITLE. HEADINGS: passage [SEP]   (types 0 / 1, at most 256 tokens, question: last 64).
Needs torch, numpy, tokenizers, safetensors; runs on two CPU cores.  On Linux set MALLOC_MMAP_MAX_=0 and
MALLOC_TRIM_THRESHOLD_=20000000000: it more than triples the speed, because freed memory is not handed back.
"""
import argparse, collections, hashlib, json, math, pickle, random, re, sys, time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "rows"))
import rows as written  # noqa: E402

SEED = 20
MAX_TOKENS, MAX_QUESTION = 256, 64
HIDDEN, HEADS, EPS = 384, 12, 1e-12
EARLY = 4  # extra heads after this layer, to know what a shorter reader would lose


# ------------------------------------------------------------------------------------------------ model

def tree(**parts):
    node = nn.Module()
    for name, part in parts.items():
        node.add_module(name, part)
    return node


class Layer(nn.Module):
    """One BERT layer; parameter names as in the MiniLM file."""

    def __init__(self):
        super().__init__()
        lin, norm = nn.Linear, lambda: nn.LayerNorm(HIDDEN, eps=EPS)
        self.attention = tree(self=tree(query=lin(HIDDEN, HIDDEN), key=lin(HIDDEN, HIDDEN), value=lin(HIDDEN, HIDDEN)),
                              output=tree(dense=lin(HIDDEN, HIDDEN), LayerNorm=norm()))
        self.intermediate = tree(dense=lin(HIDDEN, 4 * HIDDEN))
        self.output = tree(dense=lin(4 * HIDDEN, HIDDEN), LayerNorm=norm())

    def forward(self, x, mask):
        b, t, _ = x.shape
        att = getattr(self.attention, "self")
        q, k, v = (p(x).view(b, t, HEADS, -1).transpose(1, 2) for p in (att.query, att.key, att.value))
        ctx = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(b, t, HIDDEN)
        x = self.attention.output.LayerNorm(x + self.attention.output.dense(ctx))
        return self.output.LayerNorm(x + self.output.dense(F.gelu(self.intermediate.dense(x))))


class Reader(nn.Module):
    def __init__(self, base: Path):
        super().__init__()
        weights = load_file(str(base / "model.safetensors"))
        self.frozen = {k: v for k, v in weights.items() if k.startswith("embeddings.")}
        self.encoder = tree(layer=nn.ModuleList(Layer() for _ in range(6)))
        own = {k: v for k, v in weights.items() if k.startswith("encoder.")}
        self.load_state_dict(own, strict=True)
        for name in ("relevance", "answer", "relevance_early", "answer_early"):
            head = nn.Linear(HIDDEN, 1)
            nn.init.normal_(head.weight, std=0.02); nn.init.zeros_(head.bias)
            self.add_module(name, head)

    def embed(self, ids, types):
        e = self.frozen
        x = e["embeddings.word_embeddings.weight"][ids] + e["embeddings.token_type_embeddings.weight"][types]
        x = x + e["embeddings.position_embeddings.weight"][: ids.shape[1]]
        return F.layer_norm(x, (HIDDEN,), e["embeddings.LayerNorm.weight"], e["embeddings.LayerNorm.bias"], EPS)

    def hidden(self, ids, types, mask):
        """Hidden states after layer EARLY and after the last layer."""
        x, keep, early = self.embed(ids, types), mask[:, None, None, :].bool(), None
        for i, layer in enumerate(self.encoder.layer):
            x = layer(x, keep)
            if i + 1 == EARLY:
                early = x
        return early, x

    def forward(self, ids, types, mask):
        early, last = self.hidden(ids, types, mask)
        return (self.relevance(last[:, 0]).squeeze(-1), self.answer(last).squeeze(-1),
                self.relevance_early(early[:, 0]).squeeze(-1), self.answer_early(early).squeeze(-1))


def load_trained(model: Reader, path: Path):
    """Loads a training checkpoint or the shipped int8 file."""
    raw, state = load_file(str(path)), {}
    for name, t in raw.items():
        if name.endswith(".scale"):
            continue
        state[name] = t.float() * raw[name + ".scale"][:, None] if t.dtype == torch.int8 else t.float()
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert all("early" in m or not m.startswith("encoder.") for m in missing), missing
    return model.eval()


# ------------------------------------------------------------------------------------------------ text

ABBREVIATIONS = {"e.g", "i.e", "mr", "mrs", "ms", "dr", "st", "no", "vs", "etc", "approx", "u.s", "u.k", "inc", "jr", "sr", "al", "fig"}


def strip_marks(text):
    """Markdown marks off, one line per list item or table row (cells joined by a comma)."""
    out = []
    for line in text.split("\n"):
        line = line.strip()
        if re.fullmatch(r"[|\s:\-+=]{3,}", line):
            continue
        if line.startswith("|"):
            line = ", ".join(c.strip() for c in line.strip("|").split("|") if c.strip())
        line = re.sub(r"^(#+|[-*+>•]|\d{1,2}[.)])\s+", "", line)
        line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
        line = re.sub(r"\*\*|__|`", "", line)
        if line:
            out.append(line)
    return "\n".join(out)


def unwrap(text):
    """Hard line wraps become spaces, character for character (offsets stay)."""
    return re.sub(r"(?<=[^\s.:!?|])\n(?=[^\n\-*|#•\d])", " ", text)


def sentences(text):
    """(start, end) of every sentence; line breaks always end one."""
    spans, start = [], 0
    for m in re.finditer(r"[.!?]+[\"')\]”’]*\s+|\n+", text):
        if "\n" not in m.group():
            before = re.search(r"[\w.]*$", text[start:m.start()]).group().lower()
            after = text[m.end():m.end() + 1]
            if before in ABBREVIATIONS or (len(before) == 1 and before.isalpha()) or after.islower():
                continue
        if text[start:m.end()].strip():
            spans.append((start, m.end()))
        start = m.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    trimmed = []
    for s, e in spans:
        piece = text[s:e]
        s += len(piece) - len(piece.lstrip()); e -= len(piece) - len(piece.rstrip())
        trimmed.append((s, e))
    return trimmed


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def window(text, sents, gold, limit):
    """About `limit` words of whole sentences around the gold ones: (text, spans of the gold sentences in it)."""
    size = [len(text[s:e].split()) for s, e in sents]
    lo, hi = min(gold), max(gold)
    total = sum(size[lo:hi + 1])
    while hi > lo and total > 120:
        total -= size[hi]; hi -= 1
    turn = random.random() < 0.5
    while True:
        can = [d for d in ((-1, 1) if turn else (1, -1))
               if (lo + d >= 0 if d < 0 else hi + d < len(sents)) and total + size[lo - 1 if d < 0 else hi + 1] <= limit]
        if not can:
            break
        if can[0] < 0: lo -= 1; total += size[lo]
        else: hi += 1; total += size[hi]
        turn = not turn
    begin = sents[lo][0]
    out = text[begin:sents[hi][1]]
    return out, [(sents[g][0] - begin, sents[g][1] - begin) for g in gold if lo <= g <= hi]


def chunks(text, limit=100):
    """Non-overlapping windows of whole sentences, at most `limit` words (long sentences are cut at 120 words)."""
    out, cur, n = [], None, 0
    for s, e in sentences(text):
        k = len(text[s:e].split())
        if cur and n + k > limit:
            out.append(text[cur[0]:cur[1]]); cur, n = None, 0
        cur = (cur[0] if cur else s, e); n += k
    if cur:
        out.append(text[cur[0]:cur[1]])
    return [" ".join(c.split(" ")[:120]) for c in out]


def head(title, headings=""):
    title, headings = title.strip().rstrip(".:"), headings.strip().rstrip(".:")
    if title and headings:
        return f"{title}. {headings}: "
    return f"{title or headings}: " if title or headings else ""


PREFIXES = ["hi, quick question: ", "hello, ", "hey ", "hi there! ", "Hello team, I have a question. ", "sorry to bother you but ", "so i was wondering, ",
            "Good morning. ", "ok so ", "can anyone tell me ", "this is ridiculous. ", "I have asked this twice already!! ", "please help, ", "just checking, ",
            "I read your page and still don't get it. ", "not sure if this is the right place but ", "FINALLY a chat. ", "my friend told me to ask: ", "um ",
            "honestly fed up with this. ", "New customer here. ", "before I go ahead, ", "pls tell me ", "one more thing - "]
SUFFIXES = [" thanks", " thx", " please", " ???", " any idea?", " Thank you in advance.", " need to know asap", " lol", " cheers", "!!", " kind regards, Sam", " i'm worried"]
QUESTION_WORDS = re.compile(r"^(what|how|when|where|who|which|why|can|could|do|does|did|is|are|will|would|should|may)\b( (do|does|did|can|is|are|i|you|we|my|the|a|to|long|much|many))*\s+", re.I)


def typo(word, rng):
    if len(word) < 4 or not word.isalpha():
        return word
    i = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0: return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    if kind == 1: return word[:i] + word[i + 1:]
    if kind == 2: return word[:i] + word[i] + word[i:]
    return word[:i] + rng.choice("etaoinsrhl") + word[i + 1:]


def augment(q, rng):
    """Noise as real customers type it; two thirds of the questions stay as they are."""
    if rng.random() > 0.36:
        return q
    if rng.random() < 0.2:
        short = QUESTION_WORDS.sub("", q)
        if len(short.split()) >= 2: q = short
    if rng.random() < 0.5:
        rate = rng.choice([0.05, 0.1, 0.2])
        q = " ".join(typo(w, rng) if rng.random() < rate else w for w in q.split())
    if rng.random() < 0.15: q = re.sub(r"\b(the|a|an|of|to|is|are|do|does)\b ", "", q)
    if rng.random() < 0.5: q = re.sub(r"[^\w\s$£€%]", "", q)
    if rng.random() < 0.35: q = rng.choice(PREFIXES) + q
    if rng.random() < 0.25: q = q.rstrip(" ?") + rng.choice(SUFFIXES)
    if rng.random() < 0.1: q = q.upper()
    return q


# ------------------------------------------------------------------------------------------------ search, for hard negatives

class Bm25:
    def __init__(self, texts):
        self.n = len(texts)
        counts = [collections.Counter(words(t)) for t in texts]
        length = np.array([sum(c.values()) for c in counts], dtype=np.float32)
        norm = 0.9 * (0.6 + 0.4 * length / max(length.mean(), 1))
        post = collections.defaultdict(lambda: ([], []))
        for i, c in enumerate(counts):
            for w, f in c.items():
                post[w][0].append(i); post[w][1].append(f)
        self.post = {}
        for w, (ids, f) in post.items():
            ids, f = np.array(ids), np.array(f, dtype=np.float32)
            self.post[w] = (ids, math.log(1 + (self.n - len(ids) + 0.5) / (len(ids) + 0.5)) * f / (f + norm[ids]))

    def scores(self, q):
        out = np.zeros(self.n, dtype=np.float32)
        for w in set(words(q)):
            if w in self.post:
                ids, v = self.post[w]
                out[ids] += v
        return out

    def top(self, q, k):
        s = self.scores(q)
        k = min(k, self.n)
        best = np.argpartition(-s, k - 1)[:k]
        return best[np.argsort(-s[best])]


def embed_texts(base, texts, limit=96, encoder=None):
    """Sentence vectors of all-MiniLM-L6-v2, or of `encoder`, tuned layers for it."""
    model, tok = Reader(base).eval(), Tokenizer.from_file(str(base / "tokenizer.json"))
    if encoder:
        load_trained(model, encoder)
    tok.no_padding(); tok.enable_truncation(limit)
    ids = [e.ids for e in tok.encode_batch(texts)]
    out = np.zeros((len(texts), HIDDEN), dtype=np.float32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    with torch.no_grad():
        for at in range(0, len(order), 64):
            part = order[at:at + 64]
            x, m, _ = pad([ids[i] for i in part], [[0] * len(ids[i]) for i in part])
            h = model.hidden(x, torch.zeros_like(x), m)[1]
            v = (h * m[..., None]).sum(1) / m.sum(1, keepdim=True)
            out[part] = F.normalize(v, dim=-1).numpy()
    return out


def hybrid(bm25, vectors, q, qv):
    s, c = bm25.scores(q), vectors @ qv
    lo, hi = c.min(), c.max()
    return 0.5 * s / max(s.max(), 1e-6) + 0.5 * (c - lo) / max(hi - lo, 1e-6)


# ------------------------------------------------------------------------------------------------ training groups
# A group: (set name, question, [(head, text, answer spans or None, label)]).  Spans None = no token target.

def rows(folder, name):
    return [json.loads(line) for line in open(Path(folder) / name / "train.jsonl", encoding="utf-8")]


def jaccard(a, b):
    a, b = set(words(a)), set(words(b))
    return len(a & b) / max(len(a | b), 1)


def without(text, sents, gold, answers, limit):
    """Near miss: the passage with its answering sentences cut out, or None when too little or the answer is left."""
    left = [i for i in range(len(sents)) if i not in gold]
    if not left:
        return None
    middle = sorted(gold)[0]
    left.sort(key=lambda i: abs(i - middle))
    chosen, total = [], 0
    for i in left:
        n = len(text[sents[i][0]:sents[i][1]].split())
        if total + n > limit: break
        chosen.append(i); total += n
    if total < 12:
        return None
    out = " ".join(text[s:e] for s, e in (sents[i] for i in sorted(chosen)))
    low = out.lower()
    return None if any(a.strip().lower() in low for a in answers if len(a) > 3) else out


def length(rng):
    return rng.choice([35, 45, 55, 65, 75, 90, 110])


def pick(negatives, n):
    seen, out = set(), []
    for item in negatives:
        if item and item[1] not in seen:
            seen.add(item[1]); out.append(item)
    return out[:n]


def span_groups(name, data, rng, keep=None):
    """Sets with known answer spans."""
    rng.shuffle(data)
    texts = {}
    for r in data:
        texts.setdefault(r["passage"], unwrap(r["passage"]))
    pieces, owner = [], []
    title_of = {r["passage"]: r["title"].replace("_", " ").replace(" / ", ". ") for r in data}
    if name == "fairytaleqa":
        title_of = {p: t.replace("-", " ") for p, t in title_of.items()}
    for p, t in texts.items():
        for c in chunks(t, 70):
            pieces.append(c); owner.append(p)
    bm25 = Bm25(pieces)
    out = []
    for r in data[:keep]:
        text, title, answers = texts[r["passage"]], title_of[r["passage"]], [s["text"] for s in r["answer_spans"]]
        h = head(title) if rng.random() < 0.8 else ""
        sents = sentences(text)
        gold = [i for i, (s, e) in enumerate(sents) if any(s < a["end"] and a["start"] < e for a in r["answer_spans"])]
        items, near = [], []
        if r["label"] == 1:
            if not gold or not sents:
                continue
            wtext, wspans = window(text, sents, gold, length(rng))
            items.append((h, wtext, wspans, 1))
            miss = without(text, sents, set(gold), answers, length(rng))
            if miss and rng.random() < 0.8:
                near.append((h, miss, [], 0))
        else:
            near.append((h, chunks(text, 110)[0], [], 0))
        for i in bm25.top(r["question"], 12):
            same = owner[i] == r["passage"]
            low = pieces[i].lower()
            if r["label"] == 1 and (any(a.lower() in low for a in answers) or (same and any(text[sents[g][0]:sents[g][1]][:40] in pieces[i] for g in gold))):
                continue
            if name in ("selqa",) and same:
                continue
            near.append((head(title_of[owner[i]]) if h else "", pieces[i], [], 0))
            if len(near) >= 4: break
        if rng.random() < 0.15:
            j = rng.randrange(len(pieces)); near.insert(1, (head(title_of[owner[j]]), pieces[j], [], 0))
        out.append((name, r["question"], items + pick(near, 3 if r["label"] else 2)))
    return out


def faq_groups(name, data, base, rng, keep=None):
    """Question -> whole answer.  Neighbouring answers are mixed in, which gives token targets and near misses."""
    clean = [strip_marks(unwrap(r["passage"])) for r in data]
    first = [(chunks(c, 105) or [""])[0] for c in clean]
    repo = [re.split(r"[@]", r["source"])[0] for r in data]
    file = [r["source"] for r in data]
    if name == "medquad":
        repo = file = [r["title"] for r in data]
    bm25 = Bm25([f"{r['title']} {r['question']} {f}" for r, f in zip(data, first)])
    vectors = questions = None
    if name != "medquad":
        vectors = embed_texts(base, [f"{r['title']}. {f}" for r, f in zip(data, first)])
        questions = embed_texts(base, [r["question"] for r in data])
    by_file = collections.defaultdict(list)
    for i, f in enumerate(file):
        by_file[f].append(i)
    chosen = list(range(len(data))); rng.shuffle(chosen)
    out = []
    for i in chosen[:keep]:
        q, title = data[i]["question"], data[i]["title"]
        if len(words(first[i])) < 3:
            continue
        show_head = rng.random() < 0.35  # headings = the FAQ entries' own questions

        def as_item(j, spans, label, text=None):
            return head(data[j]["title"], data[j]["question"].rstrip("?") if show_head else ""), text or first[j], spans, label

        def other(j):
            return j != i and jaccard(q, data[j]["question"]) < 0.6 and jaccard(first[i], first[j]) < 0.6 and len(words(first[j])) > 3

        siblings = [j for j in by_file[file[i]] if other(j)]
        n = len(first[i].split())
        pos, near = None, []
        if siblings and n <= 70 and not show_head and name != "medquad" and rng.random() < 0.5:
            j = min(siblings, key=lambda j: abs(i - j) + rng.random())
            extra = chunks(clean[j], max(20, 105 - n))[0]
            if len(extra.split()) + n <= 125:
                ahead = rng.random() < 0.5
                text = f"{extra}\n{first[i]}" if ahead else f"{first[i]}\n{extra}"
                s = len(extra) + 1 if ahead else 0
                pos = (head(title), text, [(s, s + len(first[i]))], 1)
                near.append((head(title), extra, [], 0))
        if pos is None:
            sents = sentences(first[i])
            short = n <= 35 or len(sents) <= 1
            pos = as_item(i, [(0, len(first[i]))] if short else None, 1)
        scores = hybrid(bm25, vectors, q, questions[i]) if vectors is not None else bm25.scores(q)
        ranked = [j for j in np.argsort(-scores)[:40] if other(j)]
        local = [j for j in ranked if repo[j] == repo[i]]
        near += [as_item(j, [], 0) for j in local[:2]]
        if siblings:
            near.append(as_item(rng.choice(siblings), [], 0))
        near += [as_item(j, [], 0) for j in ranked[:2]]
        if rng.random() < 0.15:
            near.insert(1, as_item(rng.randrange(len(data)), [], 0))
        out.append((name, q, [pos] + pick(near, 4 if rng.random() < 0.3 else 3)))
    return out


def doc2dial_groups(folder, rng):
    folder = Path(folder) / "doc2dial_val"
    passages = [json.loads(l) for l in open(folder / "corpus_passages.jsonl", encoding="utf-8")]

    def split(text):
        text = re.sub(r"\[\d+ ?\]", "", text).strip()
        line, _, rest = text.partition("\n")
        if rest.strip() and len(line.split()) <= 12 and not line.strip().endswith("."):
            return re.sub(r"^\d+\.\s*", "", line.strip().rstrip("?:")), rest.strip()
        return "", text

    parts = {p["doc_id"]: (p["title"], *split(p["text"]), p["parent"]) for p in passages}
    pieces, owner = [], []
    for pid, (_, _, text, _) in parts.items():
        for c in chunks(text, 75):
            pieces.append(c); owner.append(pid)
    bm25 = Bm25([f"{parts[o][0]} {parts[o][1]} {c}" for o, c in zip(owner, pieces)])
    by_doc = collections.defaultdict(list)
    for i, o in enumerate(owner):
        by_doc[parts[o][3]].append(i)
    out = []
    for line in open(folder / "questions.dev.jsonl", encoding="utf-8"):
        r = json.loads(line)
        flat = [re.sub(r"\s+", "", s).lower() for s in r["gold_spans"]]
        turns = " ".join(h["text"] for h in r["history"][-3:])
        variants = []
        if not r["history"] or len(r["question"].split()) >= 7: variants.append(r["question"])
        if r["history"]: variants.append(f"{turns} {r['question']}")
        for q in variants:
            pid = rng.choice(r["gold_passage_ids"]) if r["gold_passage_ids"] else None
            if not pid: continue
            title, heading, text, parent = parts[pid]
            sents = sentences(text)
            gold = []
            for i, (s, e) in enumerate(sents):
                bare = re.sub(r"\s+", "", text[s:e]).lower()
                if any(len(f) > 12 and (f in bare or bare in f) for f in flat) and len(bare) > 6: gold.append(i)
            if not gold: continue
            wtext, wspans = window(text, sents, gold, length(rng))
            near = []
            miss = without(text, sents, set(gold), r["gold_spans"], length(rng))
            if miss: near.append((head(title, heading), miss, [], 0))

            def clear(i):
                bare = re.sub(r"\s+", "", pieces[i]).lower()
                return owner[i] not in r["gold_passage_ids"] and not any(len(f) > 12 and f in bare for f in flat)

            doc = [i for i in by_doc[parent] if clear(i)]
            rank = [i for i in bm25.top(f"{turns} {r['question']}", 14) if clear(i)]
            if doc:
                s = bm25.scores(q)
                doc.sort(key=lambda i: -s[i]); near.append((head(*parts[owner[doc[0]]][:2]), pieces[doc[0]], [], 0))
            near += [(head(*parts[owner[i]][:2]), pieces[i], [], 0) for i in rank[:3]]
            out.append(("doc2dial", q, [(head(title, heading), wtext, wspans, 1)] + pick(near, 4)))
    return out


def single_topic_groups(folder, rng):
    folder = Path(folder) / "single_topic_rag"
    docs = {d["doc_id"]: d for d in map(json.loads, open(folder / "corpus.jsonl", encoding="utf-8"))}
    cut = {k: chunks(strip_marks(d["text"]), 80) for k, d in docs.items()}
    out = []
    for line in open(folder / "questions.dev.jsonl", encoding="utf-8"):
        r = json.loads(line)
        doc = r["topic_doc_id"]
        best = list(Bm25(cut[doc]).top(r["question"], 6))
        h = head(docs[doc]["title"])
        if not r["answerable"]:
            out.append(("single_topic", r["question"], [(h, cut[doc][i], [], 0) for i in best[:3]]))
            continue
        answer = set(words(" ".join(r["answers"])))
        share = [len(answer & set(words(c))) / max(len(answer), 1) for c in cut[doc]]
        gold = int(np.argmax(share))
        if share[gold] < 0.6: continue
        near = [(h, cut[doc][i], [], 0) for i in best if share[i] < 0.4]
        out.append(("single_topic", r["question"], [(h, cut[doc][gold], None, 1)] + near[:3]))
    return out


def qnli_groups(data, rng):
    bm25 = Bm25([r["passage"] for r in data])
    out = []
    for k, r in enumerate(data):
        text = r["passage"]
        items = [("", text, [(0, len(text))] if r["label"] else [], r["label"])]
        near = [("", data[i]["passage"], [], 0) for i in bm25.top(r["question"], 5)
                if jaccard(data[i]["passage"], text) < 0.5 and data[i]["question"] != r["question"] and not data[i]["label"] == r["label"] == 0]
        out.append(("qnli_dev", r["question"], items + pick(near, 2 if r["label"] else 1)))
    return out


def sharc_groups(data, conditional_corpus, rng, keep):
    """Rule texts that conditionalqa also uses are left out: that set is kept unseen."""
    def grams(t):
        w = words(t)
        return {tuple(w[i:i + 13]) for i in range(max(len(w) - 12, 0))}

    used = set()
    for line in open(conditional_corpus, encoding="utf-8"):
        used |= grams(json.loads(line)["text"])
    data = [r for r in data if not (grams(r["passage"]) & used)]
    print("sharc rows left without conditionalqa texts", len(data))
    texts = sorted({r["passage"] for r in data})
    clean = {t: strip_marks(t) for t in texts}
    bm25 = Bm25(texts)
    rng.shuffle(data)
    out = []
    for r in data[:keep]:
        q = re.sub(r"\s*\[.*\]$", "", r["question"]) if rng.random() < 0.5 else r["question"]
        text = (chunks(clean[r["passage"]], 110) or [""])[0]
        near = [("", chunks(clean[texts[i]], 110)[0], [], 0) for i in bm25.top(q, 4) if texts[i] != r["passage"]]
        out.append(("sharc_dev", q, [("", text, None if r["label"] else [], r["label"])] + near[:2]))
    return out


def own_groups(path, rng):
    """Written rows of `models/rows/`: the passage with its answering sentences, hard negatives, and near misses alone."""
    data = list(written.read(path))
    heads, texts = [head(r["title"], r["heading"]) for r in data], [r["joint"].join(r["sentences"]) for r in data]
    bm25 = Bm25([h + t for h, t in zip(heads, texts)])
    out = []
    for k, r in enumerate(data):
        starts, at = [], 0
        for s in r["sentences"]:
            starts.append(at); at += len(s) + len(r["joint"])
        other = lambda j: (heads[j], texts[j], [], 0)
        for q, numbers in r["questions"]:
            spans = None if numbers is None else [(starts[n], starts[n] + len(r["sentences"][n])) for n in numbers]
            rank = [j for j in bm25.top(f"{heads[k]} {q}", 8) if j != k and heads[j] != heads[k] and jaccard(texts[j], texts[k]) < 0.4]
            far = [other((k + rng.randrange(1, len(data))) % len(data))] * (rng.random() < 0.2)
            out.append(("own_policies", q, [(heads[k], texts[k], spans, 1)] + [other(j) for j in rank[:3]] + far))
        out += [("own_policies", q, [other(k)]) for q in r["near"]]
    return out


def written_groups(paths, base, encoder, rng, hold_out=0):
    """Written rows as `own_groups` reads them, with what the tuned encoder would confuse: the nearest other passages of the same
    company (rarely an answer too), one of another company from further down, and the passage without its answer.

    The first `hold_out` rows of every file are left out.
    """
    data = [r for path in paths for r in list(written.read(path))[hold_out:]]
    heads, texts = [head(r["title"], r["heading"]) for r in data], [r["joint"].join(r["sentences"]) for r in data]
    vectors = embed_texts(base, [h + t for h, t in zip(heads, texts)], 160, encoder)
    asked = [(k, q, numbers) for k, r in enumerate(data) for q, numbers in r["questions"]]
    missed = [(k, q) for k, r in enumerate(data) for q in r["near"]]
    company = np.array([{t: n for n, t in enumerate(sorted({r["title"] for r in data}))}[r["title"]] for r in data])
    starts = []
    for r in data:
        at, own = 0, []
        for s in r["sentences"]:
            own.append((at, at + len(s))); at += len(s) + len(r["joint"])
        starts.append(own)
    other = lambda j: (heads[j], texts[j], [], 0)
    out = []
    for (k, q, numbers), v in zip(asked, embed_texts(base, [q for _, q, _ in asked], 64, encoder)):
        near = vectors @ v
        near[k] = -2
        order = np.argsort(-near)
        home = [int(j) for j in order[:200] if company[j] == company[k] and texts[j] != texts[k]][:2]
        away = [int(j) for j in order[:60] if company[j] != company[k] and jaccard(texts[j], texts[k]) < 0.3]
        away = [rng.choice(away[5:])] if len(away) > 5 else []
        items = [(heads[k], texts[k], None if numbers is None else [starts[k][n] for n in numbers], 1)]
        cut = without(texts[k], starts[k], numbers, [], 200) if numbers and rng.random() < 0.4 else None
        items += [(heads[k], cut, [], 0)] if cut else []
        items += [other(j) for j in (home + away)[: 3 - (cut is not None)]]
        out.append(("own_policies", q, items))
    for (k, q), v in zip(missed, embed_texts(base, [q for _, q in missed], 64, encoder)):
        out.append(("own_policies", q, [other(k)]))
    return out


# Share of each set in the stream of training groups.
MIX = {"faq_policy_en": 0.20, "faq_microsoft_en": 0.08, "faq_opensource_en": 0.09, "medquad": 0.04, "xquad_en": 0.09, "qed_nq_dev": 0.07,
       "fairytaleqa": 0.06, "tatqa_text": 0.06, "covidqa_deepset": 0.03, "selqa": 0.07, "qnli_dev": 0.04, "sharc_dev": 0.02,
       "doc2dial": 0.145, "single_topic": 0.005,
       "own_policies": 2.0}  # only when prepared with --own


def prepare(a):
    rng = random.Random(SEED); random.seed(SEED)
    groups, t0 = [], time.time()

    def add(more):
        groups.extend(more)
        print(f"{time.time() - t0:6.0f}s {more[0][0]}: {len(more)} groups, {sum(len(g[2]) for g in more)} pairs", flush=True)

    for name, keep in (("xquad_en", None), ("qed_nq_dev", None), ("fairytaleqa", 2500), ("tatqa_text", None), ("covidqa_deepset", None), ("selqa", None)):
        add(span_groups(name, rows(a.train, name), rng, keep))
    for name, keep in (("faq_policy_en", None), ("faq_microsoft_en", None), ("faq_opensource_en", None), ("medquad", 1500)):
        add(faq_groups(name, rows(a.train, name), a.base, rng, keep))
    add(doc2dial_groups(a.open_eval, rng))
    add(single_topic_groups(a.open_eval, rng))
    add(qnli_groups(rows(a.train, "qnli_dev"), rng))
    add(sharc_groups(rows(a.train, "sharc_dev"), Path(a.open_eval) / "conditionalqa" / "corpus.jsonl", rng, 500))
    if a.own:
        add(written_groups(a.own, a.base, a.encoder, rng, a.hold_out))
    a.work.mkdir(parents=True, exist_ok=True)
    pickle.dump(groups, open(a.work / "groups.pkl", "wb"))


# ------------------------------------------------------------------------------------------------ batches

class Encoder:
    """Text to token ids; passage pieces are cached."""

    def __init__(self, base):
        self.tok = Tokenizer.from_file(str(base / "tokenizer.json"))
        self.tok.no_padding(); self.tok.no_truncation()
        self.cls, self.sep = self.tok.token_to_id("[CLS]"), self.tok.token_to_id("[SEP]")

    def pair(self, question, heading, text):
        """ids, types, and for every token the (start, end) characters in `text` (or None outside the passage)."""
        q = self.tok.encode(question, add_special_tokens=False).ids[-MAX_QUESTION:]
        h = self.tok.encode(heading, add_special_tokens=False).ids if heading else []
        p = self.tok.encode(text, add_special_tokens=False)
        room = MAX_TOKENS - 3 - len(q)
        body, where = (h + p.ids)[:room], ([None] * len(h) + list(p.offsets))[:room]
        ids = [self.cls] + q + [self.sep] + body + [self.sep]
        return ids, [0] * (len(q) + 2) + [1] * (len(body) + 1), [None] * (len(q) + 2) + where + [None]


def pad(ids, types, targets=None):
    n, t = len(ids), max(map(len, ids))
    x, m = torch.zeros(n, t, dtype=torch.long), torch.zeros(n, t)
    second = torch.zeros(n, t, dtype=torch.long) if targets is None else torch.full((n, t), -1.0)
    ty = torch.zeros(n, t, dtype=torch.long)
    for i, row in enumerate(ids):
        x[i, :len(row)] = torch.tensor(row); m[i, :len(row)] = 1; ty[i, :len(row)] = torch.tensor(types[i])
        if targets is not None:
            second[i, :len(row)] = torch.tensor(targets[i])
    return (x, m, ty) if targets is None else (x, m, ty, second)


def token_targets(where, spans):
    if spans is None:
        return [-1.0] * len(where)
    return [-1.0 if w is None else float(any(w[0] < e and s < w[1] for s, e in spans)) for w in where]


def sentence_ids(text, where):
    """For every token the number of its sentence in the passage, -1 outside."""
    ends, out, k = [e for _, e in sentences(text)], [], 0
    for w in where:
        while w is not None and k < len(ends) - 1 and w[0] >= ends[k]:
            k += 1
        out.append(-1 if w is None else k)
    return out


def sentence_choice(logits, ids, targets):
    """Loss of picking the answering sentence by the mean of its token logits; None when there is nothing to choose."""
    ids = torch.tensor(ids)
    inside = ids >= 0
    ids, logits, gold = ids[inside], logits[: len(inside)][inside], torch.tensor(targets)[inside]
    if not len(ids) or not 0 < gold.mean() < 1:
        return None
    n = int(ids.max()) + 1
    count = torch.bincount(ids, minlength=n)
    mean = torch.zeros(n).index_add(0, ids, logits) / count.clamp(min=1)
    right = torch.zeros(n).index_add(0, ids, gold) / count.clamp(min=1) > 0.5
    if n < 2 or not right.any() or right.all():
        return None
    mean = mean.masked_fill(count == 0, -1e4)
    return torch.logsumexp(mean, 0) - torch.logsumexp(mean[right], 0)


def group_stream(groups, rng):
    """Endless stream by MIX; each set is walked through in shuffled order before it repeats."""
    sets = collections.defaultdict(list)
    for g in groups:
        sets[g[0]].append(g)
    names = [n for n in MIX if sets[n]]; queue = {n: [] for n in names}
    while True:
        n = rng.choices(names, [MIX[k] for k in names])[0]
        if not queue[n]:
            queue[n] = sets[n][:]; rng.shuffle(queue[n])
        yield queue[n].pop()


# ------------------------------------------------------------------------------------------------ training

def train(a):
    torch.manual_seed(SEED)
    rng = random.Random(a.seed)
    enc, model = Encoder(a.base), Reader(a.base)
    if a.start:
        load_trained(model, a.start).train()
    params = list(model.parameters())
    heads = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    body = [p for n, p in model.named_parameters() if n.startswith("encoder.") and p.dim() > 1]
    rest = [p for n, p in model.named_parameters() if n.startswith("encoder.") and p.dim() <= 1]
    opt = torch.optim.AdamW([{"params": body, "weight_decay": 0.01, "peak": a.lr}, {"params": rest, "weight_decay": 0.0, "peak": a.lr},
                             {"params": heads, "weight_decay": 0.0, "peak": 10 * a.lr}], lr=a.lr, fused=True)
    average = {n: p.detach().clone() for n, p in model.named_parameters()}
    stream = group_stream(pickle.load(open(a.work / "groups.pkl", "rb")), rng)
    t0, step, pairs, tokens, saved = time.time(), 0, 0, 0, time.time()
    log = collections.defaultdict(list)

    def save(name):
        save_file({n: v.contiguous() for n, v in average.items()}, str(a.work / name))

    while True:
        done = (time.time() - t0) / (60 * a.minutes) if a.minutes else step / a.steps
        if done >= 1:
            break
        # Linear warm-up over the first 4 %, linear decay to 2 % of the peak (in time, so that a busy machine still ends annealed).
        factor = min(1.0, done / 0.04 + 0.02) * max(0.02, 1 - max(0.0, done - 0.04) / 0.96)
        for g in opt.param_groups:
            g["lr"] = g["peak"] * factor
        flat, sizes = [], []
        for _ in range(a.groups):
            _, q, items = next(stream)
            q = augment(q, rng)
            for h, text, spans, label in items:
                ids, types, where = enc.pair(q, h if rng.random() > 0.08 else "", text)
                flat.append((ids, types, token_targets(where, spans), float(label), sentence_ids(text, where) if spans else None))
            sizes.append(len(items))
        # Similar lengths run together; the losses are taken over the whole batch.
        order = sorted(range(len(flat)), key=lambda i: len(flat[i][0]))
        third = math.ceil(len(order) / 3)
        found, token_loss, token_loss_early, weight, choices = [None] * len(flat), 0.0, 0.0, 1e-6, []
        for at in range(0, len(order), third):
            part = order[at:at + third]
            x, m, ty, target = pad([flat[i][0] for i in part], [flat[i][1] for i in part], [flat[i][2] for i in part])
            rel, tok, rel4, tok4 = model(x, ty, m)
            # Every passage counts alike; passages without any answer token count less.
            known = (target >= 0).float()
            has = ((target > 0).any(1).float() * 0.7 + 0.3) * (known.sum(1) > 0)
            share = known / known.sum(1, keepdim=True).clamp(min=1) * has[:, None]
            clean = target.clamp(min=0)
            token_loss = token_loss + (F.binary_cross_entropy_with_logits(tok, clean, reduction="none") * share).sum()
            token_loss_early = token_loss_early + (F.binary_cross_entropy_with_logits(tok4, clean, reduction="none") * share).sum()
            weight += has.sum().item()
            for row, i in enumerate(part):
                found[i] = (rel[row], rel4[row])
                choice = sentence_choice(tok[row], flat[i][4], flat[i][2]) if flat[i][4] else None
                if choice is not None:
                    choices.append(choice)
            tokens += x.numel()
        label = torch.tensor([f[3] for f in flat])
        losses = []
        for k in (0, 1):
            logit = torch.stack([f[k] for f in found])
            bce = F.binary_cross_entropy_with_logits(logit, label)
            lists = [F.log_softmax(l, 0)[0] for l, y in zip(logit.split(sizes), label.split(sizes)) if y[0] == 1 and len(y) > 1]
            losses.append((bce, -torch.stack(lists).mean() if lists else bce * 0, (token_loss, token_loss_early)[k] / weight))
        full, early = (l[1] + l[0] + l[2] for l in losses)
        choice = torch.stack(choices).mean() if choices else full * 0
        loss = full + choice + 0.2 * early
        opt.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1; pairs += len(flat)
        keep = min(0.99, step / (step + 10))
        with torch.no_grad():
            for n, p in model.named_parameters():
                average[n].lerp_(p, 1 - keep)
        for name, v in zip(("bce", "list", "token"), losses[0]):
            log[name].append(float(v.detach()))
        log["choice"].append(float(choice.detach()))
        log["list4"].append(float(losses[1][1].detach()))
        if step % 50 == 0:
            recent = " ".join(f"{k} {np.mean(v[-50:]):.3f}" for k, v in log.items())
            print(f"{time.time() - t0:6.0f}s step {step} pairs {pairs} tok/s {tokens / (time.time() - t0):.0f} lr {factor * a.lr:.1e} {recent}", flush=True)
        if time.time() - saved > 240:
            save("latest.safetensors"); saved = time.time()
    save("final.safetensors")
    print("done", step, "steps", pairs, "pairs", tokens, "tokens", f"{time.time() - t0:.0f}s")


# ------------------------------------------------------------------------------------------------ export

CHECK = [("how long do refunds take", "Returns. Refunds: ", "Send the item back first. We pay the refund within 5 business days after we receive it."),
         ("can i pay with bitcoin?", "Returns. Refunds: ", "Send the item back first. We pay the refund within 5 business days after we receive it.")]


def export(a):
    """int8 per output row for the large matrices; everything else stays f32.  The early heads are not shipped."""
    state, out = load_file(str(a.checkpoint)), {}
    for name, t in state.items():
        if "early" in name:
            continue
        if name.startswith("encoder.") and t.dim() == 2:
            scale = (t.abs().amax(1) / 127).clamp(min=1e-12)
            out[name] = (t / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
            out[name + ".scale"] = scale
        else:
            out[name] = t.float()
    a.out.mkdir(parents=True, exist_ok=True)
    save_file(out, str(a.out / "reader.safetensors"))
    base_hash = hashlib.sha256((a.base / "model.safetensors").read_bytes()).hexdigest()
    tok_hash = hashlib.sha256((a.base / "tokenizer.json").read_bytes()).hexdigest()
    own_hash = hashlib.sha256((a.out / "reader.safetensors").read_bytes()).hexdigest()
    meta = {"base_model": "all-MiniLM-L6-v2", "base_sha256": base_hash, "tokenizer_sha256": tok_hash, "reader_sha256": own_hash, "layers": 6,
            "hidden_size": HIDDEN, "heads": HEADS, "intermediate_size": 4 * HIDDEN, "activation": "gelu_erf", "layer_norm_eps": EPS,
            "max_tokens": MAX_TOKENS, "max_question_tokens": MAX_QUESTION, "question_truncation": "keep_last", "passage_truncation": "keep_first",
            "input": "[CLS] question [SEP] TITLE. HEADINGS: passage [SEP]", "headings_joined_by": ". ", "sentence_pooling": a.pooling,
            "probability": {"temperature": a.temperature, "bias": a.bias, "formula": "sigmoid(relevance / temperature + bias)"},
            "weights": "int8 per output row: value = NAME * NAME.scale[row]", "language": "en"}
    # Known answers, so that another implementation can check itself (logits of the int8 weights, computed in f32).
    enc, model, meta["check"] = Encoder(a.base), load_trained(Reader(a.base), a.out / "reader.safetensors"), []
    for q, h, text in CHECK:
        ids = enc.pair(q, h, text)[0]
        rel, tokens = score(model, enc, [(q, h, text)])[0]
        meta["check"].append({"question": q, "second": h + text, "ids": ids, "relevance": round(rel, 4), "answer": [round(l, 4) for _, l in tokens]})
    text = re.sub(r"\[[^\[\]{}]*\]", lambda m: re.sub(r"\s+", " ", m.group()), json.dumps(meta, indent=2))
    (a.out / "reader.json").write_text(text + "\n", encoding="utf-8")
    print((a.out / "reader.safetensors").stat().st_size, "bytes")


# ------------------------------------------------------------------------------------------------ measuring

def score(model, enc, pairs, early=False):
    """For (question, head, text): relevance logit and the token logits with their characters."""
    coded = [enc.pair(*p) for p in pairs]
    order, out = sorted(range(len(coded)), key=lambda i: len(coded[i][0])), [None] * len(coded)
    with torch.no_grad():
        for at in range(0, len(order), 32):
            part = order[at:at + 32]
            x, m, ty = pad([coded[i][0] for i in part], [coded[i][1] for i in part])
            full = model(x, ty, m)
            rel, tok = full[2:] if early else full[:2]
            for row, i in enumerate(part):
                out[i] = (float(rel[row]), [(w, float(l)) for w, l in zip(coded[i][2], tok[row].tolist()) if w])
    return out


def pooled(text, tokens):
    """Sentence texts with their score under each pooling."""
    out = []
    for s, e in sentences(text):
        v = np.array([l for w, l in tokens if s <= w[0] < e])
        if len(v):
            out.append((text[s:e], {"mean": v.mean(), "max": v.max(), "logmeanexp": float(np.log(np.exp(v).mean())), "prob": float((1 / (1 + np.exp(-v))).mean())}))
    return out


def overlaps(sentence, spans):
    a = collections.Counter(words(sentence))
    for s in spans:
        b = collections.Counter(words(strip_marks(s)))
        if a and b and sum((a & b).values()) / min(sum(a.values()), sum(b.values())) >= 0.6 and sum((a & b).values()) >= min(2, sum(b.values())):
            return True
    return False


def auroc(pos, neg):
    pos, neg = np.array(pos), np.array(neg)
    return float(((pos[:, None] > neg[None]).mean() + 0.5 * (pos[:, None] == neg[None]).mean()))


def calibrate(points):
    """Temperature and bias for which sigmoid(best relevance / temperature + bias) = chance that the best passage is right."""
    x, y = torch.tensor([p for p, _ in points]), torch.tensor([float(h) for _, h in points])
    w = torch.tensor([1.0, 0.0], requires_grad=True)
    opt = torch.optim.LBFGS([w], max_iter=100)

    def loss():
        opt.zero_grad()
        out = F.binary_cross_entropy_with_logits(x * w[0] + w[1], y)
        out.backward()
        return out

    opt.step(loss)
    print(f"calibration: temperature {1 / w[0].item():.3f} bias {w[1].item():.3f} ({len(points)} questions)")


POOLINGS = ("mean", "max", "logmeanexp", "prob")


def evaluate(name, model, enc, questions, early=False):
    """questions: {question, gold (ids), spans, answerable, candidates: [{id, head, text, score}]}."""
    flat = [(q["question"], c["head"], c["text"]) for q in questions for c in q["candidates"]]
    t0 = time.time()
    found = score(model, enc, flat, early)
    spent, at, result = time.time() - t0, 0, {}
    tally = collections.defaultdict(list)
    for q in questions:
        got = found[at:at + len(q["candidates"])]; at += len(q["candidates"])
        rel, base = np.array([g[0] for g in got]), np.array([c["score"] for c in q["candidates"]])
        prob = 1 / (1 + np.exp(-rel))
        tally["answerable" if q["answerable"] else "unanswerable"].append(float(rel[:8].max()))
        tally["base_answerable" if q["answerable"] else "base_unanswerable"].append(float(base.max()))
        tally["best hit"].append((float(rel[:8].max()), q["answerable"] and q["candidates"][int(rel[:8].argmax())]["id"] in q["gold"]))
        if not (q["answerable"] and q["gold"]):
            continue
        hit = [c["id"] in q["gold"] for c in q["candidates"]]
        tally["base@1"].append(hit[int(base.argmax())])
        for n in (8, 20):
            tally[f"oracle top{n}"].append(any(hit[:n]))
            tally[f"reader@1 top{n}"].append(hit[int(rel[:n].argmax())])
            for w in (0.3, 0.5, 0.7):
                tally[f"mix{w}@1 top{n}"].append(hit[int((w * prob + (1 - w) * base)[:n].argmax())])
            best = sorted(range(len(rel[:n])), key=lambda i: -rel[i])
            tally[f"reader@3 top{n}"].append(any(hit[i] for i in best[:3]))
        if q["spans"]:
            best = int(rel[:8].argmax())
            for p in POOLINGS:
                own = pooled(q["candidates"][best]["text"], got[best][1])
                tally[f"sentence in best passage, {p}"].append(bool(own) and overlaps(max(own, key=lambda s: s[1][p])[0], q["spans"]))
                every = [(s, v[p], rel[i]) for i in range(min(8, len(got))) for s, v in pooled(q["candidates"][i]["text"], got[i][1])]
                tally[f"sentence top8 by answer+relevance, {p}"].append(overlaps(max(every, key=lambda s: s[1] + s[2])[0], q["spans"]))
    for k, v in tally.items():
        if not k.endswith("answerable") and k != "best hit":
            result[k] = round(float(np.mean(v)), 3)
    if tally["unanswerable"]:
        result["AUROC answerable"] = round(auroc(tally["answerable"], tally["unanswerable"]), 3)
        result["AUROC by base score"] = round(auroc(tally["base_answerable"], tally["base_unanswerable"]), 3)
        for t in (0.3, 0.5, 0.7):
            lim = math.log(t / (1 - t))
            result[f"p>={t}: answerable / unanswerable"] = [round(float((np.array(tally[k]) >= lim).mean()), 3) for k in ("answerable", "unanswerable")]
    result["tokens per second"] = round(sum(len(enc.pair(*p)[0]) for p in flat[:500]) / max(len(flat[:500]), 1) * len(flat) / spent)
    print(f"## {name} ({len(questions)} questions{', ' + str(EARLY) + ' layers' if early else ''})", json.dumps(result, indent=1), flush=True)
    return tally


def candidates_from(corpus, questions, cache, k):
    """BM25 top k of ~100-word chunks; corpus: [(gold id, title, heading, text)]."""
    if cache.exists():
        return pickle.load(open(cache, "rb"))
    pieces = [(i, t, h, c) for i, t, h, text in corpus for c in chunks(strip_marks(text), 100) if len(words(c)) >= 4]
    bm25 = Bm25([f"{t} {h} {c}" for _, t, h, c in pieces])
    for q in questions:
        s = bm25.scores(q["question"])
        s /= max(s.max(), 1e-6)
        q["candidates"] = [{"id": pieces[i][0], "head": head(pieces[i][1], pieces[i][2]), "text": pieces[i][3], "score": float(s[i])} for i in np.argsort(-s)[:k]]
    pickle.dump(questions, open(cache, "wb"))
    return questions


def load_jsonl(path):
    return [json.loads(l) for l in open(path, encoding="utf-8")]


def gitlab(a):
    folder = Path(a.eval) / "gitlab_handbook"
    corpus = []
    for p in load_jsonl(folder / "corpus_passages.jsonl"):
        text = re.sub(r"^---\n.*?\n---\n", "", p["text"], flags=re.S)
        m = re.match(r"\s*#+\s*(.+)\n", text)
        corpus.append((p["doc_id"], p["title"], m.group(1).strip() if m else "", text[m.end():] if m else text))
    questions = [{"question": q["question"], "gold": q["gold_passage_ids"], "spans": q["gold_spans"], "answerable": True}
                 for q in load_jsonl(folder / "questions.dev.jsonl") if q.get("gold_passage_ids") and not q.get("history")]
    return candidates_from(corpus, questions, a.work / "gitlab.pkl", 20)


def conditional(a):
    folder = Path(a.eval) / "conditionalqa"
    corpus = [(d["doc_id"], d["title"], "", d["text"]) for d in load_jsonl(folder / "corpus.jsonl")]
    every = load_jsonl(folder / "questions.dev.jsonl")
    chosen = [q for q in every if not q["answerable"]] + random.Random(SEED).sample([q for q in every if q["answerable"]], 120)
    questions = [{"question": q["question"], "gold": q["gold_doc_ids"], "spans": q["gold_spans"], "answerable": q["answerable"]} for q in chosen]
    return candidates_from(corpus, questions, a.work / "conditional.pkl", 8)


def own_sample(path):
    out = []
    for q in load_jsonl(path):
        if q["lang"] != "en":
            continue
        cand = [{"id": p["document_id"], "head": head(p["title"], (p["section"] or "").replace(" › ", ". ")), "text": strip_marks(p["text"]), "score": p["score"]} for p in q["passages"]]
        out.append({"question": q["question"], "gold": q["gold_doc_ids"], "spans": q["gold_spans"], "answerable": q["answerable"], "candidates": cand})
    return out


def measure(a):
    enc, model = Encoder(a.base), load_trained(Reader(a.base), a.model)
    early = a.layers == EARLY
    one = evaluate("gitlab_handbook", model, enc, gitlab(a), early)
    two = evaluate("conditionalqa", model, enc, conditional(a), early)
    calibrate(one["best hit"] + two["best hit"])
    if a.candidates:
        evaluate("own sample", model, enc, own_sample(a.candidates), early)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    for name, run in (("prepare", prepare), ("train", train), ("export", export), ("measure", measure)):
        s = sub.add_parser(name); s.set_defaults(run=run)
        s.add_argument("--base", type=Path, required=True); s.add_argument("--threads", type=int, default=2)
        if name != "export": s.add_argument("--work", type=Path, required=True)
        if name == "prepare":
            s.add_argument("--train", type=Path, required=True); s.add_argument("--open-eval", type=Path, required=True)
            s.add_argument("--own", type=Path, nargs="*", default=[], help="written rows of models/rows")
            s.add_argument("--encoder", type=Path, help="tuned layers of models/encoder, to find hard negatives with"); s.add_argument("--hold-out", type=int, default=0)
        if name == "train":
            s.add_argument("--start", type=Path, help="go on from this checkpoint")
            s.add_argument("--seed", type=int, default=SEED, help="another one for each run that goes on from a checkpoint")
            s.add_argument("--minutes", type=float, default=0, help="time budget; 0 = use --steps"); s.add_argument("--steps", type=int, default=2500)
            s.add_argument("--lr", type=float, default=1.5e-4); s.add_argument("--groups", type=int, default=8)
        if name == "export":
            s.add_argument("--checkpoint", type=Path, required=True); s.add_argument("--out", type=Path, required=True)
            s.add_argument("--pooling", default="mean"); s.add_argument("--temperature", type=float, default=1.0); s.add_argument("--bias", type=float, default=0.0)
        if name == "measure":
            s.add_argument("--model", type=Path, required=True); s.add_argument("--eval", type=Path, required=True)
            s.add_argument("--candidates", type=Path); s.add_argument("--layers", type=int, default=6)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    a.run(a)


if __name__ == "__main__":
    main()
