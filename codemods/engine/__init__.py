"""Files into plans into text: documents and notebooks, planning, rewriting, TODO comments. It is given the rules."""
