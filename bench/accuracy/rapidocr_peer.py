"""RapidOCR 3.10.0 as a KTP reader for the bench: a line of JSON {id, path} in, one {id, fields} out.

RapidOCR finds and reads lines; this parser of ours makes fields of them, as somebody would who builds a KTP reader
on it in a day and cares:
- the boxes are turned upright by the median angle of their long sides (the picture itself is not read again);
- punctuation is folded (full-width forms, ';' for ':'), labels are matched with a few wrong letters;
- a value is what follows the label and colon in its box, or else the nearest boxes to the right on its row;
- lines below a value, left-aligned with it and above the next label, are its continuation;
- dates, RT/RW, the blood group and the NIK are cut out by their form.
Values are not corrected by lists of regions or occupations, and the NIK is not checked: that is what a reader of KTPs
adds. A picture with fewer than three labels counts as refused.
"""

import json
import math
import re
import statistics
import sys

from rapidocr import RapidOCR

LABELS = {
    "nik": ["NIK"],
    "nama": ["NAMA"],
    "lahir": ["TEMPATTGLLAHIR"],
    "kelamin": ["JENISKELAMIN"],
    "darah": ["GOLDARAH"],
    "alamat": ["ALAMAT"],
    "rtrw": ["RTRW"],
    "kel_desa": ["KELDESA"],
    "kecamatan": ["KECAMATAN"],
    "agama": ["AGAMA"],
    "status_perkawinan": ["STATUSPERKAWINAN"],
    "pekerjaan": ["PEKERJAAN"],
    "kewarganegaraan": ["KEWARGANEGARAAN"],
    "berlaku_hingga": ["BERLAKUHINGGA"],
}
DATE = re.compile(r"(\d{2})\s*[-./ ]\s*(\d{2})\s*[-./ ]\s*(\d{4})")
FOLD = str.maketrans({"：": ":", "；": ":", ";": ":", "，": ",", "。": ".", "（": "(", "）": ")", "’": "'", "‘": "'", "＇": "'", "－": "-", "–": "-", "—": "-", "／": "/"})


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


class Line:
    def __init__(self, points, text, score, angle):
        c, s = math.cos(-angle), math.sin(-angle)
        turned = [(c * x - s * y, s * x + c * y) for x, y in points]
        xs, ys = [p[0] for p in turned], [p[1] for p in turned]
        self.left, self.right = min(xs), max(xs)
        self.y = sum(ys) / 4
        long_side = math.dist(turned[0], turned[1])
        short_side = math.dist(turned[1], turned[2])
        self.height = min(long_side, short_side)
        self.text, self.score = text.translate(FOLD).strip(), score
        self.label, self.rest = None, None


def box_angle(points):
    (x0, y0), (x1, y1), (x2, y2), _ = points
    if math.dist((x0, y0), (x1, y1)) >= math.dist((x1, y1), (x2, y2)):
        return math.atan2(y1 - y0, x1 - x0)
    return math.atan2(y2 - y1, x2 - x1)


def find_label(line):
    """Marks a line that starts with a label; what follows the label is its rest."""
    letters = [(i, ch.upper()) for i, ch in enumerate(line.text) if ch.isalnum()]
    joined = "".join(ch for _, ch in letters)
    best = None
    for name, spellings in LABELS.items():
        for spelling in spellings:
            n = len(spelling)
            for length in (n, n - 1, n + 1):
                if length < 3 or len(joined) < length:
                    continue
                wrong = distance(joined[:length], spelling)
                if wrong > (0 if n <= 4 else n // 5):
                    continue
                end = letters[length - 1][0] + 1
                rest = line.text[end:].lstrip(" .")
                if n <= 5 and rest and not rest.startswith(":"):
                    continue
                if best is None or (wrong, -n) < best[0]:
                    best = ((wrong, -n), name, rest)
    if best:
        line.label, line.rest = best[1], best[2].lstrip(": ").strip()


def clean(text):
    return re.sub(r"\s+", " ", text.lstrip(": .").strip())


def parse(lines):
    fields = {}

    def put(name, value, used):
        value = clean(value)
        if value:
            fields[name] = {"value": value.upper(), "confidence": round(min(l.score for l in used), 4)}

    for line in lines:
        find_label(line)
    labels = sorted((l for l in lines if l.label), key=lambda l: l.y)
    if len({l.label for l in labels}) < 3:
        return None
    height = statistics.median(l.height for l in lines)
    texts = {}
    for label in labels:
        if label.label in texts:
            continue
        row = [l for l in lines if l is not label and l.label is None and l.left > label.right - height and abs(l.y - label.y) < 0.55 * height]
        row.sort(key=lambda l: l.left)
        used, parts = [], []
        if label.rest:
            used, parts = [label], [label.rest]
        for l in row:
            gap = l.left - (used[-1].right if used else label.right)
            if l.text.strip(": ") == "" or gap > (8 if not used else 2.2) * height:
                continue
            used.append(l)
            parts.append(l.text)
        if not used:
            continue
        below = min((l.y for l in labels if l.y > label.y + 0.5 * height), default=label.y + 2 * height)
        first = used[0]
        for l in sorted(lines, key=lambda l: l.y):
            if l.label is None and l not in used and label.y + 0.5 * height < l.y < below - 0.4 * height:
                if first is not label and abs(l.left - first.left) < 2 * height or first is label and l.left > label.left + 4 * height and l.left < first.right:
                    used.append(l)
                    parts.append(l.text)
        texts[label.label] = (" ".join(clean(p) for p in parts), used)

    if "nik" in texts:
        put("nik", re.sub(r"\D", "", texts["nik"][0]), texts["nik"][1])
    for name in ("nama", "alamat", "kel_desa", "kecamatan", "agama", "status_perkawinan", "pekerjaan", "kewarganegaraan", "berlaku_hingga"):
        if name in texts:
            put(name, *texts[name])
    if "lahir" in texts:
        text, used = texts["lahir"]
        match = DATE.search(text)
        if match:
            put("tgl_lahir", "-".join(match.groups()), used)
        put("tempat_lahir", (text[: match.start()] if match else text).rstrip(" ,.:"), used)
    if "kelamin" in texts:
        text, used = texts["kelamin"]
        text = re.split(r"\s*G[O0]L", text, flags=re.I)[0]
        put("jenis_kelamin", text, used)
    if "darah" in texts:
        put("gol_darah", *texts["darah"])
    else:
        for l in lines:
            match = re.search(r"gol\.?\s*darah\s*:?\s*(.*)$", l.text, re.I)
            if match:
                put("gol_darah", match.group(1), [l])
    if "rtrw" in texts:
        match = re.search(r"(\d{1,3})\D+(\d{1,3})", texts["rtrw"][0])
        if match:
            put("rt", match.group(1), texts["rtrw"][1])
            put("rw", match.group(2), texts["rtrw"][1])
    if "berlaku_hingga" in fields:
        match = DATE.search(fields["berlaku_hingga"]["value"])
        if match:
            fields["berlaku_hingga"]["value"] = "-".join(match.groups())

    above = sorted((l for l in lines if l.y < labels[0].y - 0.3 * height), key=lambda l: l.y)
    for i, l in enumerate(above):
        if l.text.upper().startswith("PROV"):
            put("provinsi", re.sub(r"^PROVINSI\s*", "", l.text.upper()), [l])
            if i + 1 < len(above):
                put("kabupaten_kota", above[i + 1].text, [above[i + 1]])
            break
    taken = {id(l) for _, used in texts.values() for l in used} | {id(l) for l in labels}
    dates = [l for l in lines if id(l) not in taken and DATE.search(l.text)]
    if dates:
        issued = max(dates, key=lambda l: l.left)
        put("tgl_terbit", "-".join(DATE.search(issued.text).groups()), [issued])
        middle = (issued.left + issued.right) / 2
        over = [l for l in lines if 0 < issued.y - l.y < 2.2 * height and l.left < middle < l.right and l.label is None]
        if over:
            place = max(over, key=lambda l: l.y)
            put("tempat_terbit", place.text, [place])
    return fields


def main():
    out = sys.stdout
    sys.stdout = sys.stderr  # the library must not write between our lines
    engine = RapidOCR()
    for request in sys.stdin:
        request = json.loads(request)
        result = engine(request["path"])
        fields = None
        if result.boxes is not None and len(result.boxes) > 0:
            boxes = [[(float(x), float(y)) for x, y in box] for box in result.boxes]
            wide = [box for box, text in zip(boxes, result.txts) if len(text) >= 4] or boxes
            angles = [box_angle(box) for box in wide]
            angle = statistics.median(angles)
            fields = parse([Line(b, t, float(s), angle) for b, t, s in zip(boxes, result.txts, result.scores)])
        out.write(json.dumps({"id": request["id"], "fields": fields}) + "\n")
        out.flush()


main()
