"""``python -m augury`` is the ``augury`` command."""

from augury.cli.main import main

raise SystemExit(main())
