"""Rules as codemods of LibCST: `python -m libcst.tool codemod -x codemods.rules.<module>.<Class> PATH` runs one."""

from __future__ import annotations

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext

from codemods.engine.planning import plan_alone
from codemods.engine.rewriting import rewrite
from codemods.rule import Rule


class RunnableRule(Rule, CodemodCommand):
    """Base of all rules: LibCST's runner can apply each of them alone."""

    def __init__(self, context: CodemodContext | None = None) -> None:
        super().__init__(context or CodemodContext())

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.DESCRIPTION = cls.summary

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Apply every site of this rule."""
        return cst.parse_module(rewrite(tree.code, plan_alone(tree.code, self.context.filename or "<string>", [self])))
