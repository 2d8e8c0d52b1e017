#!/bin/sh
# Cancel submitted jobs.
if command -v bkill > /dev/null; then
    exec bkill "$@"
fi
exec qdel "$@"
