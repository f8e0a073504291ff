"""Prints all of them as a table in Markdown: the one in course_utils/grading/README.md."""

from . import table

if __name__ == "__main__":
    print(table())
