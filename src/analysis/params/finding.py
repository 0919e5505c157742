"""Where a study's params file lies, for a notebook that runs in whatever folder of a checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.params.folders import STUDY_NAME

CHECKOUT = Path(__file__).resolve().parents[3]


def find_params(name: str | Path) -> tuple[Path, Path]:
    """Find the params file of "cdnow", "params/cdnow.yml" or "../params/cdnow.yml".

    A path is read from the folder at hand; where nothing lies there, as a notebook of the checkout
    would read it: first the checkout around that folder, then the one that holds this code.

    Parameters
    ----------
    name : str or Path
        The study's name, or its file as seen from the checkout or one of its folders.

    Returns
    -------
    file : Path
        Where nothing was found, the file that would have to be there.
    begin : Path
        The folder at which other paths given with it begin: the one at hand where the path leads
        out of it, else that of the file.
    """
    asked = Path(f"../params/{name}.yml" if STUDY_NAME.fullmatch(str(name)) else name)
    if (Path.cwd() / asked).is_file():
        file = Path.cwd() / asked
        return file, Path.cwd() if asked.parts[0] in ("..", "/") else file.parent
    found = [begin / asked for begin in _begins() if (begin / asked).is_file()]
    if asked.is_absolute() or len(asked.parts) == 1:
        return asked, Path.cwd()
    file = found[0] if found else next(_begins()) / asked.name
    return file, file.parent


def _begins() -> Iterator[Path]:
    """The folders at which a path may begin: of each checkout, one inside it and itself."""
    here = Path.cwd()
    roots = [one for one in (here, *here.parents) if (one / "params").is_dir()]
    for root in dict.fromkeys([*roots, CHECKOUT]):
        yield from (root / "params", root)
