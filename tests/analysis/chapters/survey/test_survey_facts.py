"""What a survey is about is told of every survey, and its small groups are hidden."""

from analysis.chapters.survey.facts import answers_fact
from analysis.chapters.survey.groups import group_sizes
from analysis.states.answers import read_answers
from analysis.telling.showing import chapter_of


def test_every_survey_is_told(asked, odd_survey, block, words):
    name, survey = odd_survey
    tables, params = asked(survey, block)
    answers, show = read_answers(tables, params), chapter_of(params, "survey")
    fact = answers_fact(answers, tables.audit)
    sizes = group_sizes(answers)
    text = words(show.finding(fact), show.table(sizes, "answers.groups"))
    assert fact.estimate == fact.n == len(survey)
    assert f"All {len(survey)} rows of the survey table were used." in text
    assert "The source does not say when they were given." in text
    assert sizes["n"].sum() == len(survey)
    assert "west" not in text  # joined with the next smallest
    if name == "ordinary":
        assert "| branch | north |" in text


def test_days_of_the_answers_and_what_was_left_out_are_told(asked, survey, block, chapter, words):
    tables, params = asked(survey, block)
    answers = read_answers(tables, params)
    answers.frame.loc[:99, "at"] += answers.frame["at"].max() - answers.frame["at"].min()
    answers.frame.loc[0, "at"] = answers.frame.loc[1, "at"].replace(year=2023)
    audit = tables.audit.copy()
    audit.loc[audit["step"].eq("read"), "rows"] += 7
    text = words(chapter("survey").finding(answers_fact(answers, audit)))
    assert "between 30 June 2023 and 30 June 2024" in text
    assert "Of 207 rows of the survey table 200 were used" in text
