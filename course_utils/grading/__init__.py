"""The teacher's side of the homework: runs submissions, judges them and writes pages. No lesson imports it."""
