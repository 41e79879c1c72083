#!/usr/bin/env python3
"""Prints figures of the source code: `tests/code/figures.py [FOLDER]`.

Reads what rustfmt has formatted: a block that begins on a line ends at the next `}` of the same indent. Tests are
not in `src/`. The figures compare one state of the tree with another; nothing asserts them.
"""

import re
import statistics
import sys
from collections import Counter
from pathlib import Path

FUNCTION = re.compile(r"^(\s*)(pub(?:\([a-z() :]*\))? )?(?:const |async |unsafe )*fn (\w+)")
TYPE = re.compile(r"^\s*(pub(?:\([a-z() :]*\))? )?(?:struct|enum|trait|union) (\w+)")
IMPL = re.compile(r"^impl(?:<.*>)? (?:(.*) for )?([\w:]+)(?:<.*>)? (?:where .*)?\{$")


def block_end(lines, start, indent):
    """The index of the line that closes the block begun at `start`, or `start` where the block is one line or has no body."""
    for at in range(start, len(lines)):
        text = lines[at].rstrip()
        if at > start and text == indent + "}":
            return at
        if at == start and (text.endswith(";") or text.endswith("}")):
            return at
        if at > start and text == indent + ");" or text.startswith(indent + ") ->") and text.endswith(";"):
            return at
    return start


def methods_of(files, name):
    """The bodies of the methods that are `pub` in the inherent impls of a type, by their names."""
    found = {}
    for lines in files.values():
        at = 0
        while at < len(lines):
            begun = IMPL.match(lines[at])
            if not begun or begun.group(1) or begun.group(2) != name:
                at += 1
                continue
            end = block_end(lines, at, "")
            for inner in range(at, end):
                method = FUNCTION.match(lines[inner])
                if method and method.group(1) == "    " and (method.group(2) or "").strip() == "pub":
                    found[method.group(3)] = lines[inner : block_end(lines, inner, "    ") + 1]
            at = end + 1
    return found


def is_forward(name, body):
    """Whether a method hands its arguments to another of its name, or sends one closure that calls it.

    A `match` chooses, for example the engine, so it is no forward.
    """
    text = " ".join(line.strip() for line in body)
    inside = text[text.find("{") + 1 : text.rfind("}")].strip()
    statements = [part for part in inside.split(";") if part.strip()]
    return not inside.startswith("match ") and len(statements) <= 1 and re.search(rf"(\.|::){name}\(", inside) is not None


def main():
    top = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    paths = sorted(path for path in (top / "src").rglob("*.rs"))
    files = {path: path.read_text().splitlines() for path in paths}

    rooms = Counter()
    for path, lines in files.items():
        rooms[path.relative_to(top / "src").parts[0].removesuffix(".rs")] += len(lines)
    print("lines by room")
    for room, count in rooms.most_common():
        print(f"  {room:<10} {count:>6}")
    print(f"  {'all':<10} {sum(rooms.values()):>6}")

    for name in ["Store", "Service"]:
        methods = methods_of(files, name)
        forwards = [method for method, body in methods.items() if is_forward(method, body)]
        print(f"public methods of {name}: {len(methods)}, of which forwards: {len(forwards)}")

    dead = sum(line.count("dead_code") for lines in files.values() for line in lines)
    print(f"dead-code expectations: {dead}")

    types = [found.group(2) for lines in files.values() for line in lines if (found := TYPE.match(line))]
    print(f"types: {len(types)}, distinct names: {len(set(types))}, ratio {len(set(types)) / len(types):.3f}")
    twice = [f"{name} x{count}" for name, count in Counter(types).most_common() if count > 2]
    print(f"  names of three types and more: {', '.join(twice) or 'none'}")

    lengths = []
    for path, lines in files.items():
        for at, line in enumerate(lines):
            function = FUNCTION.match(line)
            if function:
                length = block_end(lines, at, function.group(1)) - at + 1
                lengths.append((length, f"{path.relative_to(top)}:{at + 1} {function.group(3)}"))
    sizes = [length for length, _ in lengths]
    print(f"functions: {len(sizes)}, median {statistics.median(sizes):.0f} lines, longest {max(sizes)} ({max(lengths)[1]})")
    print(f"files over 450 lines: {sum(len(lines) > 450 for lines in files.values())}")
    documents = [top / "README.md", *sorted((top / "docs").glob("*.md"))]
    print("documents: " + ", ".join(f"{path.name} {path.stat().st_size} bytes" for path in documents))


main()
