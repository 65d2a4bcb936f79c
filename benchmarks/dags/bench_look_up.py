"""One trigger that looks a connection up, from Airflow's database."""

from airflow.sdk import DAG

from benchmarks.look_up import LookUpOperator

with DAG("bench_look_up", schedule=None):
    LookUpOperator(task_id="look_up", conn_id="bench_stored", times=200)
