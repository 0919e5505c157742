"""What several chapters need, computed once: bases, stages, ratings, answers, histories."""
