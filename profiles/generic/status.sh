#!/bin/sh
# Say of a submitted job: success, failed or running. What is not known is running: a job that is
# taken for failed would run twice.
job=$1
if command -v bjobs > /dev/null; then
    case $(bjobs -noheader -o stat "$job" 2>&1) in
        DONE*) echo success ;;
        EXIT* | *"is not found"*) echo failed ;;
        *) echo running ;;
    esac
elif command -v qconf > /dev/null; then
    # A job leaves `qstat` a little before it comes to `qacct`.
    if qstat -j "$job" > /dev/null 2>&1; then
        echo running
    else
        case $(qacct -j "$job" 2> /dev/null | awk '$1 ~ /^(failed|exit_status)$/ {print $2}' | xargs) in
            "0 0") echo success ;;
            "") echo running ;;
            *) echo failed ;;
        esac
    fi
else
    # Needs the history of finished jobs (PBS Professional: job_history_enable; Torque: keep_completed).
    found=$(qstat -x -f "$job" 2>&1)
    case $(echo "$found" | sed -n 's/^ *\(job_state\|[Ee]xit_status\) = //p' | xargs) in
        "F 0" | "C 0") echo success ;;
        F* | C*) echo failed ;;
        "") case $found in *"Unknown Job"*) echo failed ;; *) echo running ;; esac ;;
        *) echo running ;;
    esac
fi
