"""The shop's pages, one module a desk: buyers, households, the scale, listings, the catalogue, people, villages, the machine."""
