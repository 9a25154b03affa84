/// Renders the chat templates of a file of cases and compares the texts with those of Jinja2.
@NullMarked
package dev.burnish.verify.templates;

import org.jspecify.annotations.NullMarked;
