/// From the source of a template to its statements and expressions: lexer, parsers, nodes.
@NullMarked
package dev.burnish.jinja.syntax;

import org.jspecify.annotations.NullMarked;
