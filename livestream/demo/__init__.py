"""The demo cooperative: "HTX Vải chín sớm Phương Nam", built through the same use cases as a real one. Never in production."""
