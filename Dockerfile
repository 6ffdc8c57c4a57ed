# The command gaudi-mpi and three example programs with the libraries they need, for one machine or a cluster of
# containers.
#
#   docker build -t gaudi-mpi .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" gaudi-mpi mpirun -n 4 gaudi-mpi
#
# docs/clusters.md has the details. The file needs no BuildKit.

ARG BUILDER_IMAGE=rust:1-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim


FROM ${BUILDER_IMAGE} AS builder

# Line tables serve only debuggers and make up nine tenths of a program's size.
ENV CARGO_PROFILE_RELEASE_DEBUG=none CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    PROGRAMS="--bin gaudi-mpi --example hist_task --example bs2jpsiphi --example brunel"
WORKDIR /build

# The packages that scripts/setup installs.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        gcc libc6-dev pkg-config libclang-dev openmpi-bin libopenmpi-dev libhdf5-dev >/dev/null \
    && rm -rf /var/lib/apt/lists/*

# The dependencies are built first, with empty programs in place of the real ones, so that a change of the source does
# not rebuild them. The empty programs are removed again, or cargo would take them for the real ones. The other members
# of the workspace need no source, because none of their programs is built.
COPY Cargo.toml Cargo.lock ./
COPY tests/programs/Cargo.toml tests/programs/
COPY scripts/bench/Cargo.toml scripts/bench/
RUN mkdir src examples \
    && for name in src/lib src/main examples/b2hhh examples/brunel examples/bs2jpsiphi examples/hist_task \
        examples/velo_event; do \
        echo '#![allow(warnings)] fn main() {}' >"$name.rs"; \
    done \
    && cargo build --quiet --release --locked $PROGRAMS \
    && cargo clean --quiet --release -p gaudi-mpi

COPY src src
COPY examples examples
COPY scripts/slurm.sbatch scripts/htcondor.sub scripts/
RUN cargo build --quiet --release --locked $PROGRAMS \
    && mkdir -p /image/bin /image/share/gaudi-mpi/jobs \
    && cp target/release/gaudi-mpi target/release/examples/hist_task target/release/examples/bs2jpsiphi \
        target/release/examples/brunel /image/bin \
    && cp examples/jobs/*.toml /image/share/gaudi-mpi/jobs


FROM ${RUNTIME_IMAGE}

# openmpi-bin has mpirun and brings the library and the ssh client. libhdf5-103-1 is HDF5 without headers. In a cluster
# of containers mpirun starts ranks on other hosts by ssh, which needs openssh-server. Host keys must not be part of the
# image: every copy would have the same ones.
#
# The user's number can be chosen to match the owner of shared folders: --build-arg UID="$(id -u)". Any other user can
# write to /work as well (docker run --user).
ARG UID=1000
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        openmpi-bin libhdf5-103-1 openssh-server tini >/dev/null \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
    && useradd --uid "$UID" --user-group --create-home --shell /bin/bash gaudi \
    && install -d -o gaudi -g gaudi -m 700 /home/gaudi/.ssh \
    && install -d -m 1777 /work
COPY --from=builder /image /usr/local
COPY scripts/container/image /

# Rootless engines run containers as root, which Open MPI must allow.
ENV OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
USER gaudi
WORKDIR /work

# The kernel does not deliver unhandled signals to the first process of a container, and hands it all orphans.
# gaudi-mpi is not made for either; tini passes the signals of `docker stop` on and reaps the orphans. With -s it also
# works when it is not the first process, as with `docker run --init` or Apptainer.
ENTRYPOINT ["tini", "-s", "--"]
CMD ["gaudi-mpi", "--help"]
