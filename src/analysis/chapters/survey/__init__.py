"""What is the survey about?"""
