"""Pages of the directory: open to everybody, save those on which reports are handled."""
