"""Each check against right answers, the untouched stub, and mistakes that students make.

`test_questions.py` is for all lessons; `lessonNN.py` holds what only a person can know: other right ways, and what goes wrong.
"""
