"""What can befall a snapshot while nobody holds it."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

LOCK = "lock"


def spoil(folder: Path, chance: random.Random) -> str | None:
    """Damage one thing below a folder of slots; return how, None where there is nothing to damage."""
    files = snapshot_files(folder)
    if not files:
        return None
    name = chance.choice(list(DAMAGES))
    DAMAGES[name](chance.choice(files), files, chance)
    return name


def snapshot_files(folder: Path) -> list[Path]:
    """Return the files of all snapshots; tantivy's own locks are none."""
    paths = sorted(folder.glob("slot-*/*/*/gen-*/**/*"))
    return [path for path in paths if path.is_file() and not path.is_symlink() and not path.name.startswith(".tantivy")]


def _flip(path: Path, _: list[Path], chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    else:
        content.append(1)
    _rewrite(path, bytes(content))


def _truncate(path: Path, _: list[Path], chance: random.Random) -> None:
    content = path.read_bytes()
    _rewrite(path, content[: chance.randrange(len(content))] if content else b"?")


def _empty(path: Path, _: list[Path], __: random.Random) -> None:
    _rewrite(path, b"" if path.stat().st_size else b"?")


def _lengthen(path: Path, _: list[Path], chance: random.Random) -> None:
    _rewrite(path, path.read_bytes() + chance.randbytes(chance.randint(1, 64)))


def _remove(path: Path, _: list[Path], __: random.Random) -> None:
    path.unlink()


def _swap_files(path: Path, files: list[Path], chance: random.Random) -> None:
    """Another snapshot's file of the same name, of another collection where there is one."""
    others = [one for one in files if one.name == path.name and one != path]
    other = chance.choice(others or files)
    content, others_content = path.read_bytes(), other.read_bytes()
    _rewrite(path, others_content)
    _rewrite(other, content)


def _swap_generations(path: Path, files: list[Path], chance: random.Random) -> None:
    """A whole generation under another collection or embedder."""
    shard = _shard_of(path)
    others = sorted({_shard_of(one) for one in files} - {shard})
    other = chance.choice(others) if others else shard.with_name("0123456789abcdef")
    parked = shard.with_name("parked")
    shard.rename(parked)
    if other.exists():
        other.rename(shard)
    parked.rename(other)


def _add_files(path: Path, _: list[Path], chance: random.Random) -> None:
    """Files and folders that nobody wrote: in the snapshot, and beside it one that is half done."""
    (path.parent / "extra.bin").write_bytes(chance.randbytes(32))
    half = _shard_of(path) / "gen-999999-0badcafe"
    half.mkdir(exist_ok=True)
    (half / "header.json").write_bytes(b'{"revision": 999999}\n')


def _link(path: Path, files: list[Path], chance: random.Random) -> None:
    """A symbolic link to another file where one was."""
    target = chance.choice([one for one in files if one != path] or [path.parent])
    path.unlink()
    path.symlink_to(target)


def _age(path: Path, _: list[Path], __: random.Random) -> None:
    """A header of the format before."""
    header = next(parent for parent in path.parents if parent.name.startswith("gen-")) / "header.json"
    if header.exists():
        _rewrite(header, header.read_bytes().replace(b'"format": 1', b'"format": 0'))


def _lock_out(path: Path, _: list[Path], __: random.Random) -> None:
    """Nobody may read it; root may, and then nothing is wrong."""
    path.chmod(0o000)


DAMAGES: dict[str, Callable[[Path, list[Path], random.Random], None]] = {
    "flipped": _flip,
    "truncated": _truncate,
    "emptied": _empty,
    "lengthened": _lengthen,
    "removed": _remove,
    "files swapped": _swap_files,
    "generations swapped": _swap_generations,
    "files added": _add_files,
    "linked": _link,
    "aged": _age,
    "locked out": _lock_out,
}


def _shard_of(path: Path) -> Path:
    """Return the folder that holds a shard's generations."""
    return next(parent for parent in path.parents if parent.name.startswith("gen-")).parent


def _rewrite(path: Path, content: bytes) -> None:
    """Write in a new file: generations share theirs by hard links, and each is damaged alone."""
    mode = path.stat().st_mode
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.write_bytes(content)
    fresh.chmod(mode)
    fresh.replace(path)


def throw_away(folder: Path) -> None:
    """Remove a folder, whatever may be read in it."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
