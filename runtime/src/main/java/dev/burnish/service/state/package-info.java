/// How services and their replicas are and do.
@NullMarked
package dev.burnish.service.state;

import org.jspecify.annotations.NullMarked;
