"""Rendering annexes: pure functions from a layout and its data to PDF, DOCX and HTML."""
