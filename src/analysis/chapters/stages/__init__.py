"""How do customers move through the stages?"""
