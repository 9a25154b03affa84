/// Structured output: a JSON schema, a regular expression or a choice of texts becomes a pushdown
/// automaton over bytes, and the automaton says which tokens may come next.
@NullMarked
package dev.burnish.engine.grammar;

import org.jspecify.annotations.NullMarked;
