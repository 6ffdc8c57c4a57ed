//! The launcher of the MPI library that the programs are built with, and all differences between launchers.

/// The families of MPI libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    OpenMpi,
    Mpich,
}

/// The family of the library that this crate was built with.
pub fn family() -> Family {
    if gaudi_mpi::mpi_library().starts_with("MPICH") {
        Family::Mpich
    } else {
        Family::OpenMpi
    }
}

/// Returns whether mpirun reliably ends with its ranks' status after it passes a signal on to them.
pub fn keeps_status() -> bool {
    family() == Family::OpenMpi
}

/// The option that lets mpirun start more ranks than there are cores.
pub fn oversubscribe() -> &'static str {
    match family() {
        Family::OpenMpi => "--oversubscribe",
        Family::Mpich => "",
    }
}

/// The variable that tells a process its rank.
pub fn rank_variable() -> &'static str {
    match family() {
        Family::OpenMpi => "OMPI_COMM_WORLD_RANK",
        Family::Mpich => "PMI_RANK",
    }
}

/// The option for the working directory of the ranks.
pub fn working_directory() -> &'static str {
    match family() {
        Family::OpenMpi => "--wdir",
        Family::Mpich => "-wdir",
    }
}

/// mpirun on several hosts, as arguments of `env`. Each rank gets this variable, and mpirun notices within ten seconds
/// that a host is unreachable.
pub fn mpirun_on(hosts: &str, variable: &str) -> String {
    let mpirun = gaudi_mpi::mpirun();
    match family() {
        Family::OpenMpi => format!(
            "{mpirun} --host {hosts} -x {variable} --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 2 \
             --mca oob_tcp_keepalive_probes 2"
        ),
        // MPICH passes all variables on to the ranks.
        Family::Mpich => format!("HYDRA_LAUNCHER_EXTRA_ARGS=-oServerAliveInterval=2 {mpirun} --host {hosts}"),
    }
}

/// Returns whether ranks on other hosts start with those hosts' variables.
pub fn leaves_variables_to_hosts() -> bool {
    family() == Family::OpenMpi
}

/// The daemon that mpirun runs on each host.
pub fn daemon() -> &'static str {
    match family() {
        Family::OpenMpi => "orted",
        Family::Mpich => "hydra_pmi_proxy",
    }
}

/// Returns whether mpirun names the host whose daemon has ended.
pub fn names_hosts() -> bool {
    family() == Family::OpenMpi
}
