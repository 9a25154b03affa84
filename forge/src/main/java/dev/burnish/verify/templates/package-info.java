/// Renders chat templates of a file of cases and compares with what Jinja2 made of them.
@NullMarked
package dev.burnish.verify.templates;

import org.jspecify.annotations.NullMarked;
