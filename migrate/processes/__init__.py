"""Work in processes of their own: workers that may die, and the memory that one may take."""
