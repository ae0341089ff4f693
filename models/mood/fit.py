"""Fits the mood head: does an English text sound angry or grieving?

    cargo build --release --example vectors
    python models/mood/fit.py --emotions utterances.jsonl --ordinary FILE... [--vectors target/release/examples/vectors]

`--emotions`: JSON lines with `text` and `emotions`, names as in GoEmotions. `--ordinary`: JSON lines with `text` or `question` of customers who are not
upset; they are only measured, to see how often they would be called heated. Prints cross-validated scores and writes weights.json. The vectors come from
the program itself, so they are those it will see. `features` is what src/answer/heated.rs computes, to the letter.
"""

import argparse
import json
import math
import re
import subprocess
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

HERE = Path(__file__).parent
HEATED = {"anger", "annoyance", "grief"}
HARD = {"disgust", "disappointment", "disapproval", "sadness", "fear", "embarrassment", "remorse", "nervousness"}
# Signals of the patterns that the head listens to.
HEARD = ["anger", "upset", "fed_up", "complaint", "danger", "despair", "bereavement", "account_matter", "asks_question", "wants_action", "illness", "hardship"]
WORDS = {name: set(words.split()) for name, words in json.loads((HERE / "words.json").read_text()).items()}
MARKS = ["exclamations", "questions", "shouted", "capital_words", "length", "dots"]
# How far each group of features may reach beside the vector, whose length is 1: found by cross-validation.
HEARD_SCALE, TEXT_SCALE = 0.5, 0.12
C, HARD_WEIGHT = 0.3, 0.2


def features(text):
    """Counts of words per group, then marks."""
    text = text.replace("’", "'")
    words = [word.replace("'", "") for word in re.findall(r"[a-z']+", text.lower())]
    counts = [min(sum(word in group for word in words), 3) for group in WORDS.values()]
    letters = [letter for letter in text if letter.isascii() and letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    shouted = float(len(letters) > 8 and capitals * 2 > len(letters))
    capital_words = len(re.findall(r"\b[A-Z]{3,}\b", text, re.ASCII))
    marks = [min(text.count("!"), 3), min(text.count("?"), 3), shouted, min(capital_words, 3), math.log(max(len(words), 1)), float("..." in text)]
    return counts + [float(count > 0) for count in counts] + marks


def see(texts, vectors):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    out = subprocess.run([vectors], input=lines, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    dense = np.array([row["vector"] for row in rows], dtype=np.float32)
    heard = np.array([[name in row["heard"] for name in HEARD] for row in rows], dtype=np.float32)
    return dense, heard, np.array([features(text) for text in texts], dtype=np.float32)


def fit(x, y, weight):
    return LogisticRegression(C=C, max_iter=500).fit(x, y, sample_weight=weight)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--emotions", required=True)
    arguments.add_argument("--ordinary", nargs="*", default=[])
    arguments.add_argument("--vectors", default="target/release/examples/vectors")
    given = arguments.parse_args()
    rows = [json.loads(line) for line in open(given.emotions, encoding="utf-8")]
    emotions = [set(row["emotions"]) for row in rows]
    heated = np.array([bool(one & HEATED) for one in emotions])
    neutral = np.array(["neutral" in one for one in emotions]) & ~heated
    hard = np.array([bool(one & HARD) for one in emotions]) & ~heated & ~neutral
    dense, heard, text = see([row["text"] for row in rows], given.vectors)
    scale = TEXT_SCALE / (text[heated | neutral].std(0) + 1e-6)
    x = np.hstack([dense, heard * HEARD_SCALE, text * scale])
    # Both sides weigh the same; feelings near to these count a little for them.
    weight = np.where(heated, 1.0, np.where(neutral, heated.sum() / neutral.sum(), np.where(hard, HARD_WEIGHT, 0.0)))
    y, judged, scores = heated | hard, heated | neutral, []
    held_out = np.zeros(len(rows))
    for seed in range(5):
        out = np.zeros(len(rows))
        for train, test in StratifiedKFold(10, shuffle=True, random_state=seed).split(x, heated + 2 * neutral):
            train = train[weight[train] > 0]
            out[test] = fit(x[train], y[train], weight[train]).decision_function(x[test])
        scores.append(roc_auc_score(heated[judged], out[judged]))
        held_out += out / 5
    patterns = heard[:, : len(HEARD[:4])].max(1) + heard[:, HEARD.index("bereavement")]
    print(f"{heated.sum()} heated, {neutral.sum()} neutral, {hard.sum()} near")
    print(f"AUROC of the patterns alone {roc_auc_score(heated[judged], patterns[judged]):.3f}")
    print(f"AUROC, ten folds five times: {np.mean(scores):.3f}, from {min(scores):.3f} to {max(scores):.3f}")
    used = weight > 0
    model = fit(x[used], y[used], weight[used])
    probability = 1 / (1 + np.exp(-held_out))
    levels = (0.5, 0.7, 0.8, 0.9)
    print("at least         ", *levels)
    print("heated           ", *(f"{(probability[heated] >= level).mean():.3f}" for level in levels))
    print("neutral          ", *(f"{(probability[neutral] >= level).mean():.3f}" for level in levels))
    for path in given.ordinary:
        lines = [json.loads(line) for line in open(path, encoding="utf-8")]
        texts = [line.get("text") or line["question"] for line in lines if line.get("escalate") is not True and line.get("lang", "en") == "en"]
        own_dense, own_heard, own_text = see(texts, given.vectors)
        seen = model.predict_proba(np.hstack([own_dense, own_heard * HEARD_SCALE, own_text * scale]))[:, 1]
        print(f"{len(texts):6} ordinary   ", *(f"{(seen >= level).mean():.4f}" for level in levels), Path(path).parent.name, Path(path).name)
    # Scales go into the weights: the program multiplies plain features.
    weights = model.coef_[0]
    size = dense.shape[1]
    own = weights[size : size + len(HEARD)] * HEARD_SCALE
    rest = weights[size + len(HEARD) :] * scale
    count = len(WORDS)
    short = lambda values: [round(float(value), 4) for value in values]
    out = {
        "bias": round(float(model.intercept_[0]), 4),
        "heard": dict(zip(HEARD, short(own))),
        "words": {name: short((rest[at], rest[count + at])) for at, name in enumerate(WORDS)},
        "marks": dict(zip(MARKS, short(rest[2 * count :]))),
        "vector": short(weights[:size]),
    }
    text = json.dumps(out, indent=1)
    text = re.sub(r"\[[^\]]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    (HERE / "weights.json").write_text(text + "\n")


main()
