"""Tact, complete: the revision at which a suppression was lifted, the segment a journey was last seen in

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.add_column('journeys', sa.Column('segment', sa.Text(), nullable=True), schema='tactful')
    op.add_column('suppression_lifts', sa.Column('revision', sa.BigInteger(), nullable=True), schema='tactful')
    op.execute("COMMENT ON TABLE tactful.suppression_lifts IS 'Append-only: suppressions that somebody lifted, who and why; a customer''s own, at which revision.'")
    op.create_index('ix_receipts_complained', 'receipts', ['received_at'], unique=False, schema='tactful', postgresql_where=sa.text("kind = 'complained'"))
