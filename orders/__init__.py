"""Orders: placing and holding, their life until delivery, payments, and the books that share the money."""
