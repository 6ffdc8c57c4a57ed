# gaudi-mpi and three example programs with the libraries they need, to run on one machine or on a cluster of containers.
#
#   docker build -t gaudi-mpi .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" gaudi-mpi mpirun -n 4 gaudi-mpi
#
# docs/clusters.md tells the rest. Any builder will do: nothing here needs BuildKit.

ARG BUILDER_IMAGE=rust:1-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim


FROM ${BUILDER_IMAGE} AS builder

# Where lines are in the source is of use to debuggers, and nine tenths of a program's file.
ENV CARGO_PROFILE_RELEASE_DEBUG=none CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    PROGRAMS="--bin gaudi-mpi --example hist_task --example bs2jpsiphi --example brunel"
WORKDIR /build

# The same as scripts/setup installs.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        gcc libc6-dev pkg-config libclang-dev openmpi-bin libopenmpi-dev libhdf5-dev >/dev/null \
    && rm -rf /var/lib/apt/lists/*

# First the libraries, with empty programs in the place of ours: as long as Cargo.lock stays as it is, a change of the
# source does not build them again. What came of the empty programs is removed, or cargo might take it for ours.
COPY Cargo.toml Cargo.lock ./
RUN for file in src/lib.rs src/main.rs examples/hist_task.rs examples/bs2jpsiphi.rs examples/brunel.rs \
        $(sed -n 's/^path = "\(.*\)"/\1/p' Cargo.toml); do \
        mkdir -p "$(dirname "$file")" && echo '#![allow(dead_code)] fn main() {}' >"$file"; \
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

# openmpi-bin has mpirun, and brings the library and ssh; libhdf5-103-1 is HDF5 without its headers; openssh-server is for
# clusters of containers, as mpirun starts ranks on other hosts by ssh; tini is the first process, see below. Host keys
# that are the same in every copy of an image would be no keys.
#
# The user has a number that can be chosen, for folders that are shared with it: --build-arg UID="$(id -u)". Any other
# user may write into /work, too (docker run --user).
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

# A user of no name, as with --user, or root, as in rootless engines, is as good as any other inside of a container.
ENV OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
USER gaudi
WORKDIR /work

# The first process of a container gets no signal that it does not handle, and inherits all orphans. gaudi-mpi is made for
# neither. tini is: it hands on what `docker stop` sends, and takes leave of the dead. -s: it is content to be another
# process than the first, as with `docker run --init` or Apptainer.
ENTRYPOINT ["tini", "-s", "--"]
CMD ["gaudi-mpi", "--help"]
