-- Jobs that an operator took off: dead ones that nobody wants any more, and waiting ones that shall not run.

alter type admin_job_status add value 'canceled';

-- Said by the states that aren't an end: the new one can't be named in the transaction that makes it.
alter table admin_jobs
    drop constraint admin_jobs_check1,
    add constraint admin_jobs_finished_check check ((status in ('queued', 'running')) = (finished_at is null));
drop index admin_jobs_finished_idx;
create index admin_jobs_finished_idx on admin_jobs (finished_at) where status not in ('queued', 'running');
