"""Pages of the register: applications, accounts, sponsoring-unit files."""
