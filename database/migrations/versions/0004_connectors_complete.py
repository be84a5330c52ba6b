"""Connectors, complete: what a message costs, as configured or as the provider told

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('messages', sa.Column('cost', sa.Numeric(), nullable=True), schema='tactful')
    op.add_column('messages', sa.Column('currency', sa.Text(), nullable=True), schema='tactful')
    op.add_column('messages', sa.Column('cost_told_at', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.create_check_constraint(op.f('ck_messages_cost'), 'messages', '(cost IS NULL) = (currency IS NULL)', schema='tactful')
    op.create_index(op.f('ix_messages_frozen_at'), 'messages', ['frozen_at'], unique=False, schema='tactful', postgresql_using='brin')
    op.execute("COMMENT ON TABLE tactful.messages IS 'The very bytes of each part of a contact, frozen at the claim: every attempt sends the same. What it costs is as configured then, or as the provider told at `cost_told_at`.'")
    op.add_column('receipts', sa.Column('cost', sa.Numeric(), nullable=True), schema='tactful')
    op.add_column('receipts', sa.Column('currency', sa.Text(), nullable=True), schema='tactful')
