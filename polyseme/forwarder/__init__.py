"""Import `polyseme.indexer`, `polyseme.search` or `polyseme.ui` by its old name. Version 0.2 removes this package."""

import warnings

from polyseme.old_names import take_over

warnings.warn(f"import polyseme.{__name__} instead of {__name__}", DeprecationWarning, stacklevel=2)
take_over(__name__)
