// Behaviour of the pages. Everything works without it; it adds comfort.
