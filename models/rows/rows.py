"""Reads the written rows of this folder; used by the recipes of the encoders and the reader.

Two shapes, one object a line:
    {"title", "heading", "sentences": [...], "questions": [[text, [numbers of the answering sentences]], ...], "near": [text, ...]}
    {"title", "passage", "questions": [text, ...], "near": [text, ...]}
`near`: questions on the same subject that the passage does not answer.
"""
import json, re
from pathlib import Path

def read(path):
    """Rows of the first shape; numbers are None where the answering sentences are not known."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        chinese = Path(path).name.startswith("zh")
        if "sentences" not in row:
            pattern = r"[^。！？]+[。！？]*" if chinese else r".+?[.!?](?=\s+[A-Z$£€\d\"(]|$)|.+$"
            row["sentences"] = [part.strip() for part in re.findall(pattern, row.pop("passage")) if part.strip()]
            row["questions"] = [[question, None] for question in row["questions"]]
        yield {"heading": "", "near": [], **row, "joint": "" if chinese else " "}
