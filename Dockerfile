# All packages of envs/, for `--sdm apptainer`; Snakemake itself stays on the host (docs/cluster.md).
#   docker build -t lookalike . && apptainer build lookalike.sif docker-daemon://lookalike:latest
FROM python:3.11.13-slim-bookworm

COPY envs /opt/envs
# One environment serves all rules: no two files of envs/ pin a package differently.
RUN sed -n 's/^ *- \([A-Za-z0-9_.-]*==.*\)$/\1/p' /opt/envs/*.yaml | sort -u > /opt/pins.txt \
    && pip install --no-cache-dir pip==25.3 \
    && pip install --no-cache-dir --requirement /opt/pins.txt

# The home of a container is often read-only.
ENV MPLCONFIGDIR=/tmp/matplotlib
