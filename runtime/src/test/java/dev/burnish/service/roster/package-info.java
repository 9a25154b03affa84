@NullMarked
package dev.burnish.service.roster;

import org.jspecify.annotations.NullMarked;
