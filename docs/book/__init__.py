"""The site: the pages of docs/ and a page for each question of the book, built from its measured answer, in both languages."""
