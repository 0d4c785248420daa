"""How quick search is, how exact, how large: 2 million real occurrences and, with --full, 10 million. Prints tables.

    python benchmarks/search.py [CORPUS] [--json FILE] [--full] [--work FOLDER] [--words N]

See `search_tables.py`. This file bears the name of a package, and stands first where the scripts of this folder look
for modules: whoever imports `search` from here is given the package.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    from search_tables import main

    main()
elif __name__ != "__mp_main__":  # a process that this file started runs it again under that name, and needs nothing
    everywhere = list(sys.path)
    here = Path(__file__).resolve().parent
    sys.path = [place for place in everywhere if Path(place).resolve() != here]
    del sys.modules[__name__]
    importlib.import_module(__name__)  # stands in sys.modules, which is what the importer gets
    sys.path = everywhere
