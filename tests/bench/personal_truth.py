TRUTH: dict[str, tuple[tuple[str, int, int], ...]] = {}
