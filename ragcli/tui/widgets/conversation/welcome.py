"""What a new profile shows: how this works, and what to do first."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from ragcli.text import safe_line, safe_name


class Welcome(Static):
    """Explains the empty transcript.

    Args:
        profile: The open profile.
        documents: How many documents it has.
        model: The model that answers, "" while it is not known.
    """

    def __init__(self, profile: str, documents: int, model: str) -> None:
        super().__init__(markup=False)
        self._profile, self._documents, self._model = profile, documents, model

    def render(self) -> Content:
        """Returns a few short paragraphs."""
        name = Content.styled(safe_name(self._profile), "bold")
        paragraphs = [
            Content.styled("Ask your documents", "bold $text-primary"),
            self._about_documents(name),
            self._about_model(),
            _keys(),
        ]
        return Content("\n\n").join(paragraphs)

    def _about_documents(self, name: Content) -> Content:
        if self._documents > 0:
            many = "" if self._documents == 1 else "s"
            text = f" has {self._documents:,} document{many}. Ask away below."
            return Content.assemble("Profile ", name, text)
        add = Content.styled("/add PATH", "$text-accent")
        return Content.assemble(
            "Profile ", name, " has no documents yet. Type ", add, " below to add a "
            "file or a folder, or mention one in a question as ",
            Content.styled("@path", "$text-accent"), ".",
        )  # fmt: skip

    def _about_model(self) -> Content:
        if self._model and not self._model.startswith("builtin"):
            return Content(
                f"{safe_line(self._model)} writes the answers, from the passages it "
                "is shown; every source is checked."
            )
        return Content.assemble(
            "Answers are built in: sentences quoted from your documents, each with its "
            "source, no server and no key needed. For answers in a model's own words, "
            "install Ollama (https://ollama.com), type ",
            Content.styled("/pull llama3.2", "$text-accent"),
            ", then choose it with ", Content.styled("/model", "$text-accent"), ".",
        )  # fmt: skip


def _keys() -> Content:
    rows = [
        ("Enter", "send"),
        ("Ctrl+J", "new line"),
        ("F1", "help"),
        ("Ctrl+P", "commands"),
    ]
    pairs = [Content.assemble((key, "bold"), f" {text}") for key, text in rows]
    return Content.styled("   ", "").join(pairs)
