"""For each alert: time series for which it fires, and some for which it must not."""

from __future__ import annotations

from typing import NamedTuple

PLATFORM, SALES = 'namespace="floe-platform"', 'namespace="floe-sales-domain"'
DATABASE = f'{SALES},job="dagster-postgresql"'
REDIS = f'{SALES},job="redis"'
STORE = f'{PLATFORM},job="seaweedfs"'
CLUSTER = f'{PLATFORM},job="polaris-postgresql"'
OF_CLUSTER = 'database_server="polaris-postgresql"'
CRON = f'{SALES},cronjob="exports"'
BACKUP = f'{SALES},cronjob="backup"'
QUOTA = f'{SALES},resource="requests.cpu"'
POD = f'{SALES},pod="p",container="c"'
VOLUME = f'{SALES},persistentvolumeclaim="data"'
DAGSTER = f'{SALES},job_name="orders"'
CERTIFICATE = f'{PLATFORM},name="dagster-sales-tls",issuer_name="letsencrypt"'
SCRAPED = CERTIFICATE.replace("namespace=", 'namespace="cert-manager",exported_namespace=')
"""As scraped by a Prometheus whose own labels have precedence."""
UP_DAGSTER = f'up{{{SALES},job="dagster-metrics"}}'
AIRFLOW = 'namespace="floe-marketing-domain"'
UP_AIRFLOW = f'up{{{AIRFLOW},job="airflow-statsd"}}'
SUCCESS = f'airflow_dagrun_duration_success_count{{{AIRFLOW},dag_id="campaigns",run_type="scheduled"}}'
FAILURE = f'airflow_dagrun_duration_failed_count{{{AIRFLOW},dag_id="campaigns",run_type="scheduled"}}'
TOOK = f'airflow_dagrun_duration_success{{{AIRFLOW},dag_id="campaigns",run_type="scheduled",quantile="0.99"}}'
RUNS_STEP = f'airflow_ti_running{{{AIRFLOW},dag_id="campaigns",task_id="ingest",queue="default"}}'
QUEUED_STEP = f'airflow_ti_queued{{{AIRFLOW},dag_id="campaigns",task_id="transform",queue="default"}}'
OF_CAMPAIGNS = 'product="campaigns"'
BEAT = f"airflow_scheduler_heartbeat{{{AIRFLOW}}}"
HOUR, DAY = 3600, 86400
GIB = 2**30

Series = dict[str, object]
"""Values of series at every minute: one value for all, or Prometheus' notation for several."""


class Case(NamedTuple):
    """The series for which an alert fires after some hours, counted from the first second of 1970, and others."""

    fires: Series
    quiet: Series
    hours: int = 1
    quiet_hours: int | None = None
    """The hours after which the quiet series are tested, if different."""

    labels: str = ""
    """Labels of the alert, if several have one name."""


def backup(**times: object) -> Series:
    """Return the series of a CronJob with the label of backups."""
    known = {f"kube_cronjob_{name}{{{BACKUP}}}": value for name, value in times.items()}
    return {f'kube_cronjob_labels{{{BACKUP},label_floe_dev_backup="orders"}}': 1, **known}


def instances(metric: str, *values: object, labels: str = "") -> Series:
    """Return a series of each instance of CloudNativePG's cluster."""
    return {
        f'{metric}{{{CLUSTER},instance="{number}"{labels}}}': value
        for number, value in enumerate(values)
        if value != ""
    }


def last_backup(at: float, started: float) -> Series:
    """Return the times of the last backup and of the start of CloudNativePG's cluster."""
    backed_up = instances("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", at, 0)
    return {**backed_up, **instances("cnpg_pg_postmaster_start_time", started, started)}


def certificate(labels: str, end: float, renewal: float) -> Series:
    """Return the times of a certificate."""
    of = "certmanager_certificate_{}_timestamp_seconds{{{}}}".format
    return {of("expiration", labels): end, of("renewal", labels): renewal}


CASES: dict[str, tuple[Case, ...]] = {
    "SeaweedFSCannotWrite": (
        *(
            Case(
                {
                    f'SeaweedFS_volumeServer_read_only_volumes{{{STORE},collection="warehouse",type="{kind}"}}': count
                    for kind, count in (("isDiskSpaceLow", low), ("IsReadOnly", broken))
                },
                {
                    f'SeaweedFS_volumeServer_read_only_volumes{{{STORE},collection="warehouse",type="{kind}"}}': count
                    for kind, count in (("isDiskSpaceLow", 0), ("IsReadOnly", 0), ("noWriteCanDelete", 1))
                },
            )
            for low, broken in ((2, 0), (0, 1))
        ),
    ),
    "SeaweedFSDiskNearlyFull": (
        Case(
            {
                f'SeaweedFS_volumeServer_resource{{{STORE},name="/data",type="{kind}"}}': amount * GIB
                for kind, amount in (("all", 20), ("avail", 1))
            },
            {
                f'SeaweedFS_volumeServer_resource{{{STORE},name="/data",type="{kind}"}}': amount * GIB
                for kind, amount in (("all", 20), ("avail", 3))
            },
        ),
    ),
    "TargetDown": (
        Case(
            {f'up{{{PLATFORM},job="polaris",instance="a"}}': 1, f'up{{{PLATFORM},job="polaris",instance="b"}}': 0},
            {f'up{{{PLATFORM},job="polaris",instance="a"}}': 1},
            labels='job="polaris"',
        ),
    ),
    "AllTargetsDown": (
        Case({}, {f'up{{{PLATFORM},job="polaris"}}': 1}, labels='job="polaris"'),
        Case(
            {f'up{{{PLATFORM},job="polaris"}}': 0},
            {f'up{{{PLATFORM},job="polaris",instance="a"}}': 0, f'up{{{PLATFORM},job="polaris",instance="b"}}': 1},
            labels='job="polaris"',
        ),
    ),
    "CertificateExpires": (
        *(
            # Renewed 30 days before its end: too late when 15 are left.
            Case(certificate(labels, 45.9 * DAY, 15.9 * DAY), certificate(labels, 46.1 * DAY, 16.1 * DAY), hours=744)
            for labels in (CERTIFICATE, SCRAPED)
        ),
        # One for six days, with two left at its renewal.
        Case(certificate(CERTIFICATE, 2 * DAY, 0.01), certificate(CERTIFICATE, 3.1 * DAY, 1.1 * DAY), hours=30),
        # Never issued, and one of another namespace.
        Case(
            certificate(CERTIFICATE, DAY, 0.01),
            {**certificate(CERTIFICATE, 0, 0), **certificate(CERTIFICATE.replace("platform", "other"), DAY, 0.01)},
            hours=14,
        ),
    ),
    "CertificateNotReady": tuple(
        Case(
            {f'certmanager_certificate_ready_status{{{labels},condition="True"}}': 0},
            {
                f'certmanager_certificate_ready_status{{{labels},condition="True"}}': 1,
                f'certmanager_certificate_ready_status{{{labels},condition="False"}}': 0,
            },
            hours=2,
        )
        for labels in (CERTIFICATE, SCRAPED)
    ),
    # Its notice of 60 days begins after one, and it must last for an hour.
    "TrustedAuthorityEnds": (Case({}, {}, hours=26, quiet_hours=24, labels='authority="Acme Root"'),),
    "CertificatesNotSeen": (
        Case({'up{job="cert-manager"}': 0}, {'up{job="cert-manager"}': 1}),
        Case({}, {'up{job="cert-manager"}': "1 _x20 1x60"}),
    ),
    "QuotaNearlyUsed": (
        Case(
            {f'kube_resourcequota{{{QUOTA},type="used"}}': 3.7, f'kube_resourcequota{{{QUOTA},type="hard"}}': 4},
            {f'kube_resourcequota{{{QUOTA},type="used"}}': 3.5, f'kube_resourcequota{{{QUOTA},type="hard"}}': 4},
        ),
        Case(  # two kube-state-metrics in one cluster, which agree
            {
                f'kube_resourcequota{{{QUOTA},type="{kind}",job="{job}"}}': amount
                for job in ("ours", "theirs")
                for kind, amount in (("used", 3.7), ("hard", 4))
            },
            {f'kube_resourcequota{{{QUOTA},type="used"}}': 0, f'kube_resourcequota{{{QUOTA},type="hard"}}': 0},
        ),
    ),
    "RedisCannotWrite": (
        Case({f"redis_aof_last_write_status{{{REDIS}}}": 0}, {f"redis_aof_last_write_status{{{REDIS}}}": 1}),
    ),
    "RedisDiskNearlyFull": (
        Case(
            {f"redis_aof_current_size_bytes{{{REDIS}}}": 9 * GIB},
            {f"redis_aof_current_size_bytes{{{REDIS}}}": 7 * GIB},
        ),
    ),
    "RedisDown": (Case({f"redis_up{{{REDIS}}}": 0}, {f"redis_up{{{REDIS}}}": 1}),),
    "RedisMemoryNearlyFull": (
        Case(
            {f"redis_memory_used_bytes{{{REDIS}}}": 90, f"redis_memory_max_bytes{{{REDIS}}}": 100},
            {f"redis_memory_used_bytes{{{REDIS}}}": 70, f"redis_memory_max_bytes{{{REDIS}}}": 100},
        ),
    ),
    "ReplicasMissing": (
        Case(
            {
                f'kube_deployment_spec_replicas{{{SALES},deployment="d"}}': 2,
                f'kube_deployment_status_replicas_available{{{SALES},deployment="d"}}': 1,
            },
            {
                f'kube_deployment_spec_replicas{{{SALES},deployment="d"}}': 2,
                f'kube_deployment_status_replicas_available{{{SALES},deployment="d"}}': 2,
            },
        ),
        Case(
            {
                f'kube_statefulset_replicas{{{SALES},statefulset="s"}}': 1,
                f'kube_statefulset_status_replicas_ready{{{SALES},statefulset="s"}}': 0,
            },
            {
                f'kube_statefulset_replicas{{{SALES},statefulset="s"}}': 0,
                f'kube_statefulset_status_replicas_ready{{{SALES},statefulset="s"}}': 0,
            },
        ),
        Case(
            {
                f'kube_daemonset_status_desired_number_scheduled{{{SALES},daemonset="s"}}': 3,
                f'kube_daemonset_status_number_available{{{SALES},daemonset="s"}}': 2,
            },
            {
                f'kube_daemonset_status_desired_number_scheduled{{{SALES},daemonset="s"}}': 3,
                f'kube_daemonset_status_number_available{{{SALES},daemonset="s"}}': 3,
            },
        ),
    ),
    "ContainerRestarts": (
        Case(
            {f"kube_pod_container_status_restarts_total{{{POD}}}": "0+1x60"},
            {f"kube_pod_container_status_restarts_total{{{POD}}}": "0x30 1x30"},
        ),
    ),
    "JobFailed": (
        Case(
            {
                f'kube_job_failed{{{SALES},job_name="j",condition="true"}}': 1,
                f'kube_job_created{{{SALES},job_name="j"}}': 0,
            },
            {
                f'kube_job_failed{{{SALES},job_name="j",condition="true"}}': 0,
                f'kube_job_created{{{SALES},job_name="j"}}': 0,
            },
        ),
        Case(
            {
                f'kube_job_failed{{{SALES},job_name="j",condition="true"}}': 1,
                f'kube_job_created{{{SALES},job_name="j"}}': 2 * DAY,
            },
            {
                f'kube_job_failed{{{SALES},job_name="j",condition="true"}}': 1,
                f'kube_job_created{{{SALES},job_name="j"}}': 0,
            },
            hours=50,
        ),
    ),
    "BackupSuspended": (Case(backup(spec_suspend=1), backup(spec_suspend=0), hours=25),),
    "BackupLate": (
        Case(last_backup(HOUR, 0), last_backup(3 * HOUR, 0), hours=50, labels=OF_CLUSTER),
        Case(last_backup(0, HOUR), last_backup(0, 3 * HOUR), hours=50, labels=OF_CLUSTER),
        Case(  # every six hours, and the last one failed
            backup(
                status_last_successful_time=6 * HOUR,
                created=0,
                next_schedule_time=24 * HOUR,
                status_last_schedule_time=18 * HOUR,
                status_active=0,
            ),
            backup(
                status_last_successful_time=12 * HOUR,
                created=0,
                next_schedule_time=24 * HOUR,
                status_last_schedule_time=18 * HOUR,
                status_active=0,
            ),
            hours=19,
        ),
        Case(  # on Monday, after a weekend: the next gap is short, but the backup runs
            backup(
                status_last_successful_time=0,
                created=0,
                next_schedule_time=96 * HOUR,
                status_last_schedule_time=72 * HOUR,
                status_active=0,
            ),
            backup(
                status_last_successful_time=0,
                created=0,
                next_schedule_time=96 * HOUR,
                status_last_schedule_time=72 * HOUR,
                status_active=1,
            ),
            hours=73,
        ),
        Case(  # new, and its first run is due a minute after it was created
            backup(created=0, next_schedule_time=60, status_active=0),
            backup(created=HOUR, next_schedule_time=HOUR + 60, status_active=0),
            hours=3,
        ),
        Case(  # a CronJob without the label is no backup
            backup(created=0, next_schedule_time=60, status_active=0),
            {f"kube_cronjob_created{{{CRON}}}": 0, f"kube_cronjob_next_schedule_time{{{CRON}}}": 60},
            hours=9,
        ),
    ),
    "ContainerMemoryHigh": (
        Case(
            {
                f"container_memory_working_set_bytes{{{POD}}}": 0.95 * GIB,
                f"container_spec_memory_limit_bytes{{{POD}}}": GIB,
            },
            {
                f"container_memory_working_set_bytes{{{POD}}}": 0.5 * GIB,
                f"container_spec_memory_limit_bytes{{{POD}}}": GIB,
            },
        ),
        Case(
            {
                f"container_memory_working_set_bytes{{{POD}}}": GIB,
                f"container_spec_memory_limit_bytes{{{POD}}}": GIB,
            },
            {f"container_memory_working_set_bytes{{{POD}}}": GIB, f"container_spec_memory_limit_bytes{{{POD}}}": 0},
        ),
    ),
    "VolumeNearlyFull": (
        Case(
            {
                f"kubelet_volume_stats_used_bytes{{{VOLUME}}}": 95,
                f"kubelet_volume_stats_capacity_bytes{{{VOLUME}}}": 100,
            },
            {
                f"kubelet_volume_stats_used_bytes{{{VOLUME}}}": 80,
                f"kubelet_volume_stats_capacity_bytes{{{VOLUME}}}": 100,
            },
        ),
    ),
    "DatabaseDown": (
        Case(
            instances("cnpg_collector_up", 0, 0),
            {**instances("cnpg_collector_up", 1, 0), **instances("cnpg_pg_replication_in_recovery", 0)},
            labels=OF_CLUSTER,
        ),
        Case(  # standbys alone
            {**instances("cnpg_collector_up", 0, 1, 1), **instances("cnpg_pg_replication_in_recovery", "", 1, 1)},
            {**instances("cnpg_collector_up", 1, 1, 1), **instances("cnpg_pg_replication_in_recovery", 1, 0, 1)},
            labels=OF_CLUSTER,
        ),
        Case({f"pg_up{{{DATABASE}}}": 0}, {f"pg_up{{{DATABASE}}}": 1}),
    ),
    "DatabaseDiskNearlyFull": (
        Case(
            {
                **instances("cnpg_pg_database_size_bytes", 5 * GIB, 5 * GIB),
                **instances("cnpg_collector_pg_wal", GIB, 4 * GIB, labels=',value="size"'),
            },
            {
                **instances("cnpg_pg_database_size_bytes", 5 * GIB, 5 * GIB),
                **instances("cnpg_collector_pg_wal", GIB, 2 * GIB, labels=',value="size"'),
                **instances("cnpg_collector_pg_wal", 9 * GIB, labels=',value="count"'),
            },
            labels=OF_CLUSTER,
        ),
        Case(
            {
                f'pg_database_size_bytes{{{DATABASE},datname="a"}}': 4 * GIB,
                f'pg_database_size_bytes{{{DATABASE},datname="b"}}': 4 * GIB,
                f"pg_wal_size_bytes{{{DATABASE}}}": GIB,
            },
            {
                f'pg_database_size_bytes{{{DATABASE},datname="a"}}': 4 * GIB,
                f"pg_wal_size_bytes{{{DATABASE}}}": GIB,
            },
        ),
        Case(
            {f'pg_database_size_bytes{{{DATABASE},datname="a"}}': 9 * GIB},
            {f'pg_database_size_bytes{{{DATABASE},datname="a"}}': 7 * GIB},
        ),
    ),
    "DatabaseConnectionsNearlyUsed": (
        Case(
            {
                **instances("cnpg_backends_total", 10, 50, labels=',datname="a"'),
                **instances("cnpg_backends_total", 10, 35, labels=',datname="b"'),
                **instances("cnpg_pg_settings_setting", 100, 100, labels=',name="max_connections"'),
            },
            {
                **instances("cnpg_backends_total", 75, 75, labels=',datname="a"'),
                **instances("cnpg_pg_settings_setting", 100, 100, labels=',name="max_connections"'),
                **instances("cnpg_pg_settings_setting", 3, 3, labels=',name="superuser_reserved_connections"'),
            },
            labels=OF_CLUSTER,
        ),
        Case(
            {
                f'pg_stat_activity_count{{{DATABASE},state="idle"}}': 80,
                f'pg_stat_activity_count{{{DATABASE},state="active"}}': 10,
                f"pg_settings_max_connections{{{DATABASE}}}": 100,
            },
            {
                f'pg_stat_activity_count{{{DATABASE},state="idle"}}': 30,
                f"pg_settings_max_connections{{{DATABASE}}}": 100,
            },
        ),
    ),
    "DagsterDaemonUnavailable": (
        Case(
            {f'dagster_daemon_heartbeat_age_seconds{{{SALES},daemon="SCHEDULER"}}': 130},
            # The healthy scheduler's is nearly 60 at times.
            {f'dagster_daemon_heartbeat_age_seconds{{{SALES},daemon="SCHEDULER"}}': 60},
        ),
        Case(
            {f'dagster_daemon_heartbeat_age_seconds{{{SALES},daemon="SENSOR"}}': "1e30x60"},
            {f'dagster_daemon_heartbeat_age_seconds{{{SALES},daemon="SENSOR"}}': "0x58 130x1"},
        ),
    ),
    "DagsterRunsFailed": (
        Case(
            {
                f'dagster_runs_failed_last_hour{{{SALES},job_name="a"}}': 3,
                f'dagster_runs_failed_last_hour{{{SALES},job_name="b"}}': 3,
            },
            {f'dagster_runs_failed_last_hour{{{SALES},job_name="a"}}': 5},
        ),
    ),
    "CodeLocationNotLoaded": (
        Case(
            {f'dagster_code_location_loaded{{{SALES},location="orders"}}': 0},
            {f'dagster_code_location_loaded{{{SALES},location="orders"}}': 1},
        ),
    ),
    "ProductRunLong": (
        Case(
            {f"dagster_longest_active_run_seconds{{{DAGSTER}}}": 3000},
            {
                f"dagster_longest_active_run_seconds{{{DAGSTER}}}": 0,
                f"dagster_last_run_duration_seconds{{{DAGSTER}}}": 60,
            },
        ),
        Case(
            {f"dagster_last_run_duration_seconds{{{DAGSTER}}}": 3000},
            {f"dagster_last_run_duration_seconds{{{DAGSTER}}}": 2800},
        ),
        Case({TOOK: 3000}, {TOOK: 2800}, labels=OF_CAMPAIGNS),
        # One step ends, and the next one waits for its pod.
        Case(
            {RUNS_STEP: "0x5 1x20 0x34", QUEUED_STEP: "0x27 1x32"},
            {RUNS_STEP: "0x30 1x30", QUEUED_STEP: 0},
            labels=OF_CAMPAIGNS,
        ),
        # Another run ended meanwhile, as the first one ever.
        Case({RUNS_STEP: 1, SUCCESS: 4}, {RUNS_STEP: 1, SUCCESS: "_x30 1x30"}, labels=OF_CAMPAIGNS),
        Case({RUNS_STEP: 1, FAILURE: 4}, {RUNS_STEP: 1, FAILURE: "4x30 5x30"}, labels=OF_CAMPAIGNS),
    ),
    # Both run daily, and for an hour at most: 25 hours.
    "ProductLate": (
        Case(
            {f"dagster_last_success_timestamp_seconds{{{DAGSTER}}}": HOUR, UP_DAGSTER: 1},
            {f"dagster_last_success_timestamp_seconds{{{DAGSTER}}}": 3 * HOUR, UP_DAGSTER: 1},
            hours=27,
            labels='product="orders"',
        ),
        Case({UP_DAGSTER: 1}, {UP_DAGSTER: 0}, hours=27, labels='product="orders",succeeded="never"'),
        Case(
            {f"kube_cronjob_status_last_successful_time{{{CRON}}}": HOUR, f"kube_cronjob_created{{{CRON}}}": 0},
            {f"kube_cronjob_status_last_successful_time{{{CRON}}}": 3 * HOUR, f"kube_cronjob_created{{{CRON}}}": 0},
            hours=27,
            labels='product="exports"',
        ),
        Case(
            {f"kube_cronjob_created{{{CRON}}}": HOUR},
            {f"kube_cronjob_created{{{CRON}}}": 3 * HOUR},
            hours=27,
            labels='product="exports"',
        ),
        Case(
            # The series is there for half an hour after a success, and then again a day later.
            {SUCCESS: "1x6 _x400", UP_AIRFLOW: 1},
            {SUCCESS: "1x6 _x281 1x6 _x100", UP_AIRFLOW: 1},
            hours=27,
            labels='product="campaigns",succeeded=""',
        ),
        Case(
            {UP_AIRFLOW: 1},
            # Nothing was scraped so long ago: it may have succeeded.
            {UP_AIRFLOW: "_x320 1x400"},
            hours=52,
            labels='product="campaigns",succeeded="never"',
        ),
    ),
    "AirflowProcessUnavailable": (
        Case({BEAT: "0+10x30 300x30", UP_AIRFLOW: 1}, {BEAT: "0+10x60", UP_AIRFLOW: 1}, labels='process="scheduler"'),
        Case({UP_AIRFLOW: 1}, {UP_AIRFLOW: 0}, labels='process="scheduler"'),
    ),
    "AirflowRunsFailed": (
        Case({FAILURE: "0x10 0+1x50"}, {FAILURE: "0x10 1x50"}),
        # The first failures that the exporter sees.
        Case(
            {FAILURE.replace("campaigns", f"campaigns{number}"): "_x40 1x20" for number in range(6)},
            {FAILURE.replace("campaigns", f"campaigns{number}"): 1 for number in range(6)} | {SUCCESS: "_x100 1x20"},
            # Prometheus 2 also counts what is exactly an hour old, as the very first values are after one.
            quiet_hours=2,
        ),
    ),
    "DagNotLoaded": (
        Case(
            {f"airflow_dag_processing_import_errors{{{AIRFLOW}}}": 1},
            {f"airflow_dag_processing_import_errors{{{AIRFLOW}}}": "0x50 1x10"},
        ),
    ),
    "QualityFailed": (
        Case(
            # Each run sends its result once.
            {f'floe_quality_contracts{{{SALES},product="orders",step="check",outcome="failed"}}': "_x30 2 _x29"},
            {f'floe_quality_contracts{{{SALES},product="orders",step="check",outcome="failed"}}': "_x10 2 _x10 0 _x38"},
        ),
        Case(
            {f'floe_quality_contracts{{{SALES},product="orders",step="check",outcome="failed"}}': 1},
            {f'floe_quality_contracts{{{SALES},product="orders",step="check",outcome="passed"}}': 1},
        ),
    ),
    "RulesFailing": (
        Case(
            {f'prometheus_rule_evaluation_failures_total{{{PLATFORM},job="prometheus",rule_group="g"}}': "0+1x60"},
            {f'prometheus_rule_evaluation_failures_total{{{PLATFORM},job="prometheus",rule_group="g"}}': 7},
        ),
    ),
    "AlertsNotAccepted": (
        Case(
            {f'prometheus_notifications_errors_total{{{PLATFORM},job="prometheus",alertmanager="a"}}': "0+1x60"},
            {f'prometheus_notifications_errors_total{{{PLATFORM},job="prometheus",alertmanager="a"}}': 7},
        ),
    ),
    "AlertsNotSent": (
        Case(
            {f'alertmanager_notifications_failed_total{{{PLATFORM},job="alertmanager",integration="slack"}}': "0+1x60"},
            {f'alertmanager_notifications_failed_total{{{PLATFORM},job="alertmanager",integration="slack"}}': 7},
        ),
    ),
}
