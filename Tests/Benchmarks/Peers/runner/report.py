"""Medians as tables, and as ratios to ours."""

import statistics

from .measure import CELLS

TITLES = {
    "u1": "One connection, one call in flight (u1)",
    "u64": "One connection, 64 calls in flight (u64)",
    "u8x128": "8 connections, 128 calls in flight over all (u8x128)",
    "stream": "One server-streaming call (stream)",
    "idle": "500 idle connections (idle)",
}
# Heading, figure, and its digits after the point.
UNARY = [("requests/s", "rps", 0), ("p50 µs", "p50_us", 1), ("p99 µs", "p99_us", 1), ("server CPU µs/request", "server_cpu_us", 2),
         ("server core busy", "server_busy", 2)]
STREAM = [("messages/s", "rps", 0), ("server CPU µs/message", "server_cpu_us", 3), ("server core busy", "server_busy", 2)]
IDLE = [("private-dirty KiB, no connection", "private_dirty_kib", 0), ("private-dirty KiB per connection", "kib_per_connection", 1),
        ("server CPU µs per handshake and call", "cpu_us_per_connection", 0)]
NO_RATIO = {"server_busy"}


def columns(cell):
    return {"stream": STREAM, "idle": IDLE}.get(cell, UNARY)


def number(value, digits):
    return f"{value:,.{digits}f}".replace(",", " ")


def table(heads, rows):
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


class Report:
    def __init__(self, records):
        # {cell: {peer: [record, one a round]}}
        self.records = records

    def figures(self, cell, peer, key):
        return [record[key] for record in self.records[cell].get(peer, []) if key in record]

    def median(self, cell, peer, key):
        found = self.figures(cell, peer, key)
        return statistics.median(found) if found else None

    def failures(self):
        return [
            f"{cell}, {peer}: {record['failed']}" if "failed" in record else f"{cell}, {peer}: {record['errors']} calls went wrong"
            for cell, peers in self.records.items() for peer, records in peers.items() for record in records
            if record.get("failed") or record.get("errors")]

    def cell_text(self, cell, peer, key, digits):
        found = self.figures(cell, peer, key)
        if not found:
            return "failed" if any("failed" in record for record in self.records[cell][peer]) else "–"
        middle = number(statistics.median(found), digits)
        return middle if len(found) == 1 else f"{middle} ({number(min(found), digits)}..{number(max(found), digits)})"

    def absolute(self, cell):
        rows = [[peer, *(self.cell_text(cell, peer, key, digits) for _, key, digits in columns(cell))] for peer in self.records[cell]]
        return table([cell, *(head for head, _, _ in columns(cell))], rows)

    def ratios(self, cell, base):
        wanted = [column for column in columns(cell) if column[1] not in NO_RATIO]
        rows = [[peer, *(self.ratio(cell, peer, base, key) for _, key, _ in wanted)] for peer in self.records[cell] if peer != base]
        return table([f"÷ {base}", *(head for head, _, _ in wanted)], rows) if rows else ""

    def ratio(self, cell, peer, base, key):
        theirs, ours = self.median(cell, peer, key), self.median(cell, base, key)
        return "–" if theirs is None or not ours else f"{theirs / ours:.3g}"

    def text(self):
        """All cells, each by its figures and by its ratios."""
        parts = []
        for cell in (cell for cell in CELLS if cell in self.records):
            base = next((peer for peer in ("ours", "c") if peer in self.records[cell]), None)
            parts.append(f"### {TITLES[cell]}\n\n{self.absolute(cell)}")
            parts += [self.ratios(cell, base)] if base else []
        return "\n".join(part for part in parts if part)

    def limit(self, cell):
        """The C variant whose server spends less in this cell."""
        key = "kib_per_connection" if cell == "idle" else "server_cpu_us"
        found = {peer: self.median(cell, peer, key) for peer in ("c", "c-malloc")}
        found = {peer: value for peer, value in found.items() if value is not None}
        return min(found, key=found.get) if found else None

    def others_busy(self):
        found = [record["others_busy"] for peers in self.records.values() for records in peers.values() for record in records if "others_busy" in record]
        return (statistics.median(found), max(found)) if found else None
