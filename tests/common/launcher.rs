//! The launcher that belongs to the MPI library the programs were built with. All that tests know of the differences
//! between launchers stands here.

/// The families of MPI libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    OpenMpi,
    Mpich,
}

/// That of the library which this crate was built with.
pub fn family() -> Family {
    if gaudi_mpi::mpi_library().starts_with("MPICH") {
        Family::Mpich
    } else {
        Family::OpenMpi
    }
}

/// Whether mpirun ends with the status of its ranks when it has passed a signal on to them. MPICH's does by chance.
pub fn keeps_status() -> bool {
    family() == Family::OpenMpi
}

/// What lets mpirun start more ranks than there are cores.
pub fn oversubscribe() -> &'static str {
    match family() {
        Family::OpenMpi => "--oversubscribe",
        Family::Mpich => "",
    }
}

/// The variable by which a process knows its rank.
pub fn rank_variable() -> &'static str {
    match family() {
        Family::OpenMpi => "OMPI_COMM_WORLD_RANK",
        Family::Mpich => "PMI_RANK",
    }
}

/// A folder for all processes started by a command.
pub fn working_directory() -> &'static str {
    match family() {
        Family::OpenMpi => "--wdir",
        Family::Mpich => "-wdir",
    }
}

/// mpirun on several hosts, as arguments of `env`: each rank gets this variable, and within ten seconds mpirun notices that a
/// host is gone.
pub fn mpirun_on(hosts: &str, variable: &str) -> String {
    let mpirun = gaudi_mpi::mpirun();
    match family() {
        Family::OpenMpi => format!(
            "{mpirun} --host {hosts} -x {variable} --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 2 \
             --mca oob_tcp_keepalive_probes 2"
        ),
        // Ranks get all variables that it has.
        Family::Mpich => format!("HYDRA_LAUNCHER_EXTRA_ARGS=-oServerAliveInterval=2 {mpirun} --host {hosts}"),
    }
}

/// Whether ranks on other hosts have those variables that these hosts have.
pub fn leaves_variables_to_hosts() -> bool {
    family() == Family::OpenMpi
}

/// What mpirun runs on each host.
pub fn daemon() -> &'static str {
    match family() {
        Family::OpenMpi => "orted",
        Family::Mpich => "hydra_pmi_proxy",
    }
}

/// Whether mpirun says which host it was whose daemon is gone.
pub fn names_hosts() -> bool {
    family() == Family::OpenMpi
}
